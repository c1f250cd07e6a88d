[
  (block)
  (function_definition)
  (closure)
  (for_expression)
] @local.scope

(parameters (identifier) @local.definition)
(closure_parameters (identifier) @local.definition)

(identifier) @local.reference
