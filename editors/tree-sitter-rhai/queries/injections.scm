; `${…}` needs no injection: the grammar parses the code of interpolations.

((doc_comment) @injection.content
  (#set! injection.language "markdown")
  (#set! injection.combined)
  (#offset! @injection.content 0 3 0 0))

((line_comment) @injection.content
  (#set! injection.language "comment"))
((block_comment) @injection.content
  (#set! injection.language "comment"))
