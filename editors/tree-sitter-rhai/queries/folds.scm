[
  (block)
  (map)
  (array)
  (arguments)
  (switch_body)
  (block_comment)
  (block_doc_comment)
] @fold
