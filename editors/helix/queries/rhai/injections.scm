([(line_comment) (block_comment)] @injection.content
  (#set! injection.language "comment"))

([(doc_comment) (block_doc_comment)] @injection.content
  (#set! injection.language "markdown")
  (#set! injection.combined))
