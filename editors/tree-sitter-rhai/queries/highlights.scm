; Where two patterns match a node, the later one counts.

(identifier) @variable
(property_identifier) @property

[
  "let" "const" "as" "private"
] @keyword
["if" "else" "switch"] @keyword.conditional
["for" "in" "while" "loop" "do" "until" "break" (continue_statement)] @keyword.repeat
"return" @keyword.return
["try" "catch" "throw"] @keyword.exception
["import" "export"] @keyword.import
"fn" @keyword.function
"no_grad" @keyword
"!in" @keyword.operator
(binary_expression operator: "in" @keyword.operator)

(boolean) @boolean
(integer) @number
(float) @number.float
(unit) @constant.builtin
(character) @character
(string) @string
(raw_string) @string
(template_string) @string
(escape_sequence) @string.escape
(this) @variable.builtin

(interpolation "${" @punctuation.special "}" @punctuation.special) @none

(line_comment) @comment
(block_comment) @comment
(doc_comment) @comment.documentation
(block_doc_comment) @comment.documentation
(shebang) @keyword.directive

[
  "=" "+=" "-=" "*=" "/=" "%=" "**=" "<<=" ">>=" "&=" "|=" "^="
  "+" "-" "*" "/" "%" "**" "==" "!=" "<" "<=" ">" ">="
  "&&" "||" "!" "&" "|" "^" "<<" ">>" "??" "|>" "@" ".." "..=" "=>"
] @operator
["." "?." "," ";" ":" "::"] @punctuation.delimiter
["(" ")" "[" "]" "{" "}" "#{" "?["] @punctuation.bracket
(closure_parameters "|" @punctuation.bracket)
(closure_parameters "||" @punctuation.bracket)

(parameters (identifier) @variable.parameter)
(closure_parameters (identifier) @variable.parameter)
(try_statement error: (identifier) @variable.parameter)

((identifier) @constant
  (#match? @constant "^[A-Z][A-Z0-9_]+$"))
(let_statement kind: "const" name: (identifier) @constant)

(function_definition name: (identifier) @function)
(function_definition type: (_) @type)
(let_statement name: (identifier) @function value: (closure))

(call_expression function: (identifier) @function.call)
(call_expression function: (path name: (identifier) @function.call))
(call_expression function: (field_expression field: (property_identifier) @function.method.call))
((call_expression function: (identifier) @function.builtin)
  (#match? @function.builtin "^(print|debug|type_of|is_shared|is_def_var|is_def_fn|Fn|assert|assert_eq|assert_near|apropos|display|help|param|pretty|report|save_text|seconds|format|range)$"))

(path namespace: (identifier) @module)
((path namespace: (identifier) @module.builtin)
  (#match? @module.builtin "^(augment|cluster|contacts|data|explain|expression|files|genome|graph|init|intervals|label|loss|metric|motif|motifs|network|nn|optim|plot|protein|rule|schedule|search|seq|sim|stats|table|tensor|tokenizer|track|train|trees|weights)$"))
((path namespace: (identifier) @variable.builtin)
  (#eq? @variable.builtin "global"))
(import_statement alias: (identifier) @module)
