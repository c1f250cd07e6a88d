[
  (source_file)
  (block)
  (function_definition)
  (closure)
  (for_expression)
  (try_statement)
  (interpolation)
] @local.scope

(let_statement name: (identifier) @local.definition.var)
(array_pattern (identifier) @local.definition.var)
(for_expression name: (identifier) @local.definition.var)
(parameters (identifier) @local.definition.parameter)
(closure_parameters (identifier) @local.definition.parameter)
(try_statement error: (identifier) @local.definition.var)
(function_definition name: (identifier) @local.definition.function)
(import_statement alias: (identifier) @local.definition.import)

(identifier) @local.reference
