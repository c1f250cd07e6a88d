//! What a session or a text knows beside the catalog: variables, functions, imported modules.

/// A variable in a list of variables.
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Its value in one line.
    pub value: String,
}

/// The names that are known where a text is typed, beside those of the catalog.
pub trait Known {
    /// The variables, the newest of each name.
    fn variables(&self) -> Vec<Variable>;

    /// Names of functions that were defined.
    fn functions(&self) -> Vec<String>;

    /// Names of imported modules, with what they import.
    fn modules(&self) -> Vec<(String, String)>;

    /// The type of a variable, where it is known.
    fn kind_of(&self, name: &str) -> Option<String> {
        let variables = self.variables().into_iter();
        let mut kinds = variables.filter(|one| one.name == name).map(|one| one.kind);
        kinds.next().filter(|kind| !kind.is_empty())
    }

    /// The namespace of a word before `::`: the module that it imports, or itself.
    fn space_of(&self, word: &str) -> String {
        let mut modules = self.modules().into_iter();
        let found = modules.find(|(alias, _)| alias == word);
        found.map_or_else(|| word.to_string(), |(_, path)| path)
    }
}
