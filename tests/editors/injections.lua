-- What the query $MOEMAP_QUERY takes from the files in $MOEMAP_FILES, by the YAML parser $MOEMAP_PARSER: for each file, a
-- list of first and last line, columns in bytes, and language.
local function run()
  local parser = vim.env.MOEMAP_PARSER
  vim.treesitter.require_language("yaml", parser)
  local text = table.concat(vim.fn.readfile(vim.env.MOEMAP_QUERY), "\n")
  local query = vim.treesitter.parse_query("yaml", text)
  local found = {}
  for _, file in ipairs(vim.split(vim.env.MOEMAP_FILES, "\n")) do
    vim.cmd("noswapfile edit " .. vim.fn.fnameescape(file))
    local own = {}
    local root = vim.treesitter.get_parser(0, "yaml"):parse()[1]:root()
    for _, match, metadata in query:iter_matches(root, 0, 0, -1) do
      for id, node in pairs(match) do
        if query.captures[id] == "injection.content" then
          local range = metadata.content and metadata.content[1] or { node:range() }
          local language = metadata.injection and metadata.injection.language or metadata["injection.language"]
          table.insert(own, { range[1], range[2], range[3], range[4], language })
        end
      end
    end
    table.insert(found, own)
  end
  return found
end

local ok, found = pcall(run)
vim.fn.writefile({ vim.fn.json_encode({ found = ok and found or nil, error = not ok and tostring(found) or nil }) }, vim.env.MOEMAP_SEEN)
vim.cmd("qall!")
