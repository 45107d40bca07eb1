; Expressions and templates in rule files, which are YAML. JMESPath has no grammar of its own; that of JavaScript colours
; paths, constants, operators and calls alike.

; Expressions under their keys, alone or in a list.
(_
  key: (flow_node) @_key
  value: (flow_node (plain_scalar) @injection.content)
  (#any-of? @_key "each" "from" "value" "when" "without")
  (#set! injection.language "javascript"))

(_
  key: (flow_node) @_key
  value: (flow_node [(double_quote_scalar) (single_quote_scalar)] @injection.content)
  (#any-of? @_key "each" "from" "value" "when" "without")
  (#offset! @injection.content 0 1 0 -1)
  (#set! injection.language "javascript"))

(_
  key: (flow_node) @_key
  value: (block_node (block_scalar) @injection.content)
  (#any-of? @_key "each" "from" "value" "when" "without")
  (#offset! @injection.content 0 1 0 0)
  (#set! injection.language "javascript"))

(_
  key: (flow_node) @_key
  value: (flow_node (flow_sequence (flow_node (plain_scalar) @injection.content)))
  (#eq? @_key "from")
  (#set! injection.language "javascript"))

(_
  key: (flow_node) @_key
  value: (block_node (block_sequence (block_sequence_item (flow_node (plain_scalar) @injection.content))))
  (#eq? @_key "from")
  (#set! injection.language "javascript"))

(_
  key: (flow_node) @_key
  value: [
    (flow_node (flow_sequence (flow_node [(double_quote_scalar) (single_quote_scalar)] @injection.content)))
    (block_node (block_sequence (block_sequence_item
      (flow_node [(double_quote_scalar) (single_quote_scalar)] @injection.content))))
  ]
  (#eq? @_key "from")
  (#offset! @injection.content 0 1 0 -1)
  (#set! injection.language "javascript"))

; Fields and lets that are an expression alone.
(_
  key: (flow_node) @_key
  value: [
    (block_node (block_mapping (block_mapping_pair value: (flow_node (plain_scalar) @injection.content))))
    (flow_node (flow_mapping (flow_pair value: (flow_node (plain_scalar) @injection.content))))
  ]
  (#any-of? @_key "fields" "let" "query")
  (#set! injection.language "javascript"))

(_
  key: (flow_node) @_key
  value: [
    (block_node (block_mapping (block_mapping_pair
      value: (flow_node [(double_quote_scalar) (single_quote_scalar)] @injection.content))))
    (flow_node (flow_mapping (flow_pair
      value: (flow_node [(double_quote_scalar) (single_quote_scalar)] @injection.content))))
  ]
  (#any-of? @_key "fields" "let" "query")
  (#offset! @injection.content 0 1 0 -1)
  (#set! injection.language "javascript"))

; Texts with templates.
((plain_scalar) @injection.content
  (#match? @injection.content "[{][{%]")
  (#set! injection.language "jinja"))

([(double_quote_scalar) (single_quote_scalar)] @injection.content
  (#match? @injection.content "[{][{%]")
  (#offset! @injection.content 0 1 0 -1)
  (#set! injection.language "jinja"))

((block_scalar) @injection.content
  (#match? @injection.content "[{][{%]")
  (#offset! @injection.content 0 1 0 0)
  (#set! injection.language "jinja"))
