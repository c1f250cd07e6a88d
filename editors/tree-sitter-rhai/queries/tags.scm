((doc_comment)* @doc
  .
  (function_definition name: (identifier) @name) @definition.function
  (#strip! @doc "^///\\s?")
  (#select-adjacent! @doc @definition.function))

(let_statement kind: "const" name: (identifier) @name) @definition.constant

(import_statement alias: (identifier) @name) @definition.module

(call_expression function: (identifier) @name) @reference.call
(call_expression function: (path name: (identifier) @name)) @reference.call
(call_expression function: (field_expression field: (property_identifier) @name)) @reference.call
