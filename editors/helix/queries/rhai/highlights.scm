; Patterns do not overlap, apart from names: the first that matches a name counts up to Helix 25.01,
; the last from 25.07 on. Each name therefore has one pattern alone.

[
  "let" "const" "private"
] @keyword.storage
["if" "else" "switch"] @keyword.control.conditional
["for" "while" "loop" "do" "until" "break" (continue_statement)] @keyword.control.repeat
(for_expression "in" @keyword.control.repeat)
"return" @keyword.control.return
["try" "catch" "throw"] @keyword.control.exception
["import" "export" "as"] @keyword.control.import
"fn" @keyword.function
"no_grad" @keyword.control
"!in" @keyword.operator
(binary_expression operator: "in" @keyword.operator)

(boolean) @constant.builtin.boolean
(integer) @constant.numeric.integer
(float) @constant.numeric.float
(unit) @constant.builtin
(character) @constant.character
(string) @string
(raw_string) @string
(template_string ["`" (string_content)] @string)
(escape_sequence) @constant.character.escape
(this) @variable.builtin

(interpolation "${" @punctuation.special "}" @punctuation.special)

(line_comment) @comment.line
(block_comment) @comment.block
(doc_comment) @comment.line.documentation
(block_doc_comment) @comment.block.documentation
(shebang) @keyword.directive

[
  "=" "+=" "-=" "*=" "/=" "%=" "**=" "<<=" ">>=" "&=" "|=" "^="
  "+" "-" "*" "/" "%" "**" "==" "!=" "<" "<=" ">" ">="
  "&&" "!" "&" "^" "<<" ">>" "??" "|>" "@" ".." "..=" "=>"
] @operator
(binary_expression operator: ["|" "||"] @operator)
(closure_parameters ["|" "||"] @punctuation.bracket)
["." "?." "," ";" ":" "::"] @punctuation.delimiter
["(" ")" "[" "]" "{" "#{" "?["] @punctuation.bracket
(block "}" @punctuation.bracket)
(map "}" @punctuation.bracket)
(switch_body "}" @punctuation.bracket)

(parameters (identifier) @variable.parameter)
(closure_parameters (identifier) @variable.parameter)
(try_statement error: (identifier) @variable.parameter)

(let_statement kind: "const" name: (identifier) @constant)
(let_statement kind: "let" name: (identifier) @variable)
(function_definition name: (identifier) @function)
(function_definition type: (identifier) @type)

((call_expression function: (identifier) @function.builtin)
  (#match? @function.builtin "^(print|debug|type_of|is_shared|is_def_var|is_def_fn|Fn|assert|assert_eq|assert_near|apropos|display|help|param|pretty|report|save_text|seconds|format|range)$"))
((call_expression function: (identifier) @function)
  (#not-match? @function "^(print|debug|type_of|is_shared|is_def_var|is_def_fn|Fn|assert|assert_eq|assert_near|apropos|display|help|param|pretty|report|save_text|seconds|format|range)$"))
(call_expression function: (path name: (identifier) @function))
(call_expression function: (field_expression field: (property_identifier) @function.method))
(pair key: (property_identifier) @variable.other.member)

((path namespace: (identifier) @module)
  (#match? @module "^(augment|cluster|contacts|data|explain|expression|files|genome|graph|init|intervals|label|loss|metric|motif|motifs|network|nn|optim|plot|protein|rule|schedule|search|seq|sim|stats|table|tensor|tokenizer|track|train|trees|weights)$"))
((path namespace: (identifier) @namespace)
  (#not-match? @namespace "^(augment|cluster|contacts|data|explain|expression|files|genome|graph|init|intervals|label|loss|metric|motif|motifs|network|nn|optim|plot|protein|rule|schedule|search|seq|sim|stats|table|tensor|tokenizer|track|train|trees|weights|global)$"))
((path namespace: (identifier) @variable.builtin)
  (#eq? @variable.builtin "global"))
(import_statement alias: (identifier) @namespace)
