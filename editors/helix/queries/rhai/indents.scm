[
  (block)
  (map)
  (array)
  (arguments)
  (parameters)
  (switch_body)
] @indent

["}" "]" ")"] @outdent
