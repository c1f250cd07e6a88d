[
  (block)
  (map)
  (array)
  (arguments)
  (parameters)
  (switch_body)
] @indent.begin

["}" "]" ")"] @indent.branch @indent.end

[
  (line_comment)
  (doc_comment)
  (block_comment)
  (template_string)
  (raw_string)
] @indent.ignore
