//! Names of other languages, with their equivalents in the script language.

/// Methods of other languages, with their equivalents.
const METHODS: &[(&str, &str)] = &[
    (
        "append",
        "`a.push(x)` adds a value to an array, `a.append(b)` another array",
    ),
    ("extend", "`a.append(b)` adds another array"),
    ("add", "`a.push(x)`"),
    ("size", "`x.len()`, of a tensor `x.shape`"),
    ("length", "`x.len()`"),
    (
        "count",
        "`x.len()`; of those that fulfil a condition `x.filter(|v| v > 0).len()`",
    ),
    ("upper", "`s.to_upper()`"),
    ("lower", "`s.to_lower()`"),
    ("toUpperCase", "`s.to_upper()`"),
    ("toLowerCase", "`s.to_lower()`"),
    ("capitalize", "`s.to_upper()`"),
    ("strip", "`s.trim()`, which changes `s`"),
    ("rstrip", "`s.trim()`, which changes `s`"),
    ("lstrip", "`s.trim()`, which changes `s`"),
    ("startswith", "`s.starts_with(\"A\")`"),
    ("endswith", "`s.ends_with(\"A\")`"),
    ("find", "`s.index_of(\"A\")`; -1 where it is not in it"),
    ("index", "`a.index_of(x)`; -1 where it is not in it"),
    ("indexOf", "`a.index_of(x)`; -1 where it is not in it"),
    ("includes", "`a.contains(x)` or `x in a`"),
    ("has_key", "`\"key\" in m`"),
    ("has", "`\"key\" in m`"),
    (
        "get",
        "`m[\"key\"] ?? other` returns `other` where the key is missing",
    ),
    ("items", "`for k in m { m[k] }` goes over the keys"),
    ("update", "`m.mixin(other)`"),
    ("setdefault", "`m[\"key\"] = m[\"key\"] ?? x`"),
    (
        "format",
        "values are put into strings in back quotes: `` `${x}` ``",
    ),
    ("tolist", "`x.to_array()`"),
    ("numpy", "`x.to_array()`"),
    ("to_list", "`x.to_array()`"),
    ("cuda", "`x.to(\"cuda\")`"),
    ("cpu", "`x.to(\"cpu\")`"),
    ("view", "`x.reshape([…])`"),
    (
        "clone",
        "`x.copy()` of a tensor; other values are copied by `let b = a;`",
    ),
    ("copy", "arrays and maps are copied by `let b = a;`"),
    ("deepcopy", "arrays and maps are copied by `let b = a;`"),
    (
        "astype",
        "`x.float()`, `x.double()`, `x.int()` or `x.bool()`",
    ),
    ("long", "`x.int()`"),
    ("T", "`x.t()`"),
    ("dim", "`x.rank`"),
    ("ndim", "`x.rank`"),
    ("dtype", "`x.kind`"),
    ("forEach", "`for x in a { … }`"),
    ("reversed", "`a.reverse()`, which changes `a`"),
    (
        "sorted",
        "`a.sort()`, which changes `a`; `a.order()` returns a sorted copy",
    ),
    ("isdigit", "`s.is_numeric()`"),
    ("parse", "`parse_int(s)` or `parse_float(s)`"),
    ("toString", "`x.to_string()`"),
    ("toFixed", "`x.to_string(2)`"),
    (
        "fit",
        "`train::fit(net, #{ train: set, loss: loss::bce_with_logits() })`",
    ),
    ("predict", "`train::predict(net, set)` or `net.forward(x)`"),
    ("evaluate", "`train::evaluate(net, set, [metric::auroc()])`"),
    (
        "zero_",
        "`x.zero_grad()` of a tensor; optimizers do it themselves",
    ),
];

/// Functions of other languages whose names are unused here.
const FUNCTIONS: &[(&str, &str)] = &[
    ("str", "`x.to_string()`"),
    ("repr", "`x.to_string()`"),
    (
        "int",
        "`x.to_int()` of a number, `parse_int(s)` of a string",
    ),
    (
        "float",
        "`x.to_float()` of a number, `parse_float(s)` of a string",
    ),
    ("list", "`[…]`, of a range `(0..10).map(|i| i)`"),
    ("tuple", "there are no tuples, but arrays: `[1, 2]`"),
    ("dict", "`#{ a: 1 }`"),
    (
        "enumerate",
        "`for (x, i) in a { … }`: the counter comes second",
    ),
    (
        "sorted",
        "`a.order()` returns a sorted copy, `a.sort()` sorts in place",
    ),
    ("reversed", "`a.reverse()`, which changes `a`"),
    ("isinstance", "`type_of(x) == \"tensor\"`"),
    ("println", "`print(x)`"),
    ("printf", "`print(x)`"),
    ("Exception", "`throw \"what is wrong\";`"),
    (
        "super",
        "there are no classes: `nn::custom` makes a layer of closures",
    ),
    ("setattr", "`m[\"key\"] = x`"),
    ("getattr", "`m[\"key\"]`"),
    ("deepcopy", "arrays and maps are copied by `let b = a;`"),
];

/// Functions of other languages whose names are also names of methods.
const AMBIGUOUS: &[(&str, &str)] = &[
    (
        "range",
        "`0..10`, with its end `0..=10`; in steps `range(0, 10, 2)`",
    ),
    ("len", "`x.len()`"),
    ("size", "`x.len()`, of a tensor `x.shape`"),
    ("bool", "a comparison: `x != 0`"),
    (
        "set",
        "`a.unique()` of an array; a map `#{ a: () }` with `\"a\" in m`",
    ),
    ("map", "`a.map(|x| f(x))`"),
    ("filter", "`a.filter(|x| x > 0)`"),
    ("type", "`type_of(x)`"),
    (
        "open",
        "`genome::open`, `track::open`, `intervals::read`, `data::table` read files; \
        `save_text(path, text)` writes one",
    ),
    (
        "input",
        "`param(\"name\", 3, \"what it means\")` takes `--set name=4`",
    ),
    (
        "format",
        "`format(x, \".3f\")`, or `` `${x}` `` in back quotes",
    ),
    ("pow", "`x ** 2`"),
    ("quit", "`exit()`"),
    ("time", "`seconds()`"),
];

/// Names of libraries and types, as variables.
const VARIABLES: &[(&str, &str)] = &[
    (
        "torch",
        "tensors are in `tensor::`, layers in `nn::`, optimizers in `optim::`: `tensor::zeros([2, \
        3])`",
    ),
    (
        "np",
        "arrays of numbers are tensors: `tensor::zeros([2, 3])`, `x.mean()`",
    ),
    (
        "numpy",
        "arrays of numbers are tensors: `tensor::zeros([2, 3])`, `x.mean()`",
    ),
    (
        "pd",
        "tables are read with `data::table(\"file.csv\", #{ … })`",
    ),
    (
        "plt",
        "figures are made with `plot::lines`, `plot::scatter`, …; `help(\"plot\")`",
    ),
    (
        "F",
        "activations are layers and methods: `nn::relu()`, `x.relu()`",
    ),
    (
        "math",
        "mathematics are methods of numbers: `x.sqrt()`, `x.exp()`, `PI()`",
    ),
    ("random", "`tensor::rand([n], #{ seed: 1 })`"),
    (
        "os",
        "files are named by paths; `param(\"file\", \"a.bed\")` takes `--set file=b.bed`",
    ),
    ("sys", "`param(\"name\", 3)` takes `--set name=4`"),
    (
        "self",
        "there are no classes; in a map's closure `this` is the map",
    ),
    ("console", "`print(x)`"),
    (
        "Math",
        "mathematics are methods of numbers: `x.sqrt()`, `x.exp()`",
    ),
];

/// Built-in methods of Rhai by type.
const BUILTIN: &[(&str, &[&str])] = &[
    (
        "array",
        &[
            "push", "pop", "shift", "insert", "remove", "append", "len", "is_empty", "contains",
            "index_of", "reverse", "sort", "order", "map", "filter", "reduce", "for_each", "all",
            "some", "find", "zip", "dedup", "drain", "retain", "extract", "splice", "split",
            "truncate", "chop", "clear", "pad", "to_json",
        ],
    ),
    (
        "string",
        &[
            "len",
            "is_empty",
            "contains",
            "starts_with",
            "ends_with",
            "index_of",
            "sub_string",
            "split",
            "trim",
            "replace",
            "to_upper",
            "to_lower",
            "make_upper",
            "make_lower",
            "chars",
            "to_chars",
            "pad",
            "pop",
            "remove",
            "truncate",
            "crop",
            "clear",
            "to_int",
            "to_float",
        ],
    ),
    (
        "map",
        &[
            "len",
            "is_empty",
            "keys",
            "values",
            "contains",
            "remove",
            "mixin",
            "fill_with",
            "clear",
            "to_json",
            "get",
            "set",
        ],
    ),
    (
        "integer",
        &[
            "to_float",
            "to_int",
            "to_string",
            "abs",
            "sign",
            "sqrt",
            "is_even",
            "is_odd",
            "to_hex",
            "to_binary",
        ],
    ),
    (
        "number",
        &[
            "to_float",
            "to_int",
            "to_string",
            "abs",
            "sqrt",
            "exp",
            "ln",
            "log",
            "floor",
            "ceiling",
            "round",
            "is_nan",
            "is_finite",
        ],
    ),
];

/// Built-in methods of a type.
pub fn builtin(kind: &str) -> &'static [&'static str] {
    BUILTIN
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or(&[], |(_, names)| names)
}

fn of(table: &[(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, here)| *here)
}

/// The equivalent of a method of another language.
pub fn method(name: &str) -> Option<&'static str> {
    of(METHODS, name)
}

/// The equivalent of a function of another language.
pub fn function(name: &str) -> Option<&'static str> {
    of(FUNCTIONS, name)
}

/// The equivalent of a function of another language whose name is also that of a method.
pub fn ambiguous(name: &str) -> Option<&'static str> {
    of(AMBIGUOUS, name)
}

/// The equivalent of a variable of another language.
pub fn variable(name: &str) -> Option<&'static str> {
    of(VARIABLES, name)
}

/// The equivalent of a bare word of another language; `next` is the following token.
pub fn word(name: &str, next: &str) -> Option<String> {
    let here = match name {
        "None" | "null" | "nil" | "NULL" | "undefined" | "NA" => "there is `()` for no value",
        "True" | "TRUE" => "`true`",
        "False" | "FALSE" => "`false`",
        "pass" => "an empty block is `{}`",
        "del" if !next.is_empty() => {
            return Some(format!(
                "`{next} = ();` lets go of a value; `m.remove(\"key\")` takes one out of a map"
            ));
        }
        "elif" => "`else if c { … }`",
        "yield" => "there are no generators: collect values with `a.push(x)`",
        "nonlocal" => "closures see and change the variables around them",
        "await" | "async" => "there is no `await`: calls return when they are done",
        "new" => "values are made by functions: `nn::conv1d(8, 3)`",
        "until" => "`while !done { … }`",
        _ => return variable(name).filter(|_| next == ".").map(str::to_string),
    };
    Some(here.into())
}
