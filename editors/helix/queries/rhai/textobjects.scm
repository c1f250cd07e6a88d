(function_definition body: (_) @function.inside) @function.around
(closure body: (_) @function.inside) @function.around

(parameters (_) @parameter.inside)
(closure_parameters (_) @parameter.inside)
(arguments (_) @parameter.inside)

(line_comment) @comment.inside
(line_comment)+ @comment.around
(doc_comment) @comment.inside
(doc_comment)+ @comment.around

((function_definition name: (identifier) @_name body: (_) @test.inside) @test.around
  (#match? @_name "^test_"))

(pair value: (_) @entry.inside) @entry.around
(array (_) @entry.around)
