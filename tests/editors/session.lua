-- A session of Neovim with a rule file of the project in $MOEMAP_PROJECT: what it shows and changes, as JSON.
local project, python = vim.env.MOEMAP_PROJECT, vim.env.MOEMAP_PYTHON
local seen = {}

local function until_true(what, condition)
  if not vim.wait(30000, condition, 20) then
    error(what .. " did not happen")
  end
end

local function answer(method, params)
  local results = assert(vim.lsp.buf_request_sync(0, method, params, 30000))
  for _, result in pairs(results) do
    assert(not result.error, vim.inspect(result.error))
    return result.result
  end
end

-- Puts the cursor after the first occurrence of a text.
local function go_after(text)
  vim.fn.cursor(1, 1)
  assert(vim.fn.search("\\V" .. vim.fn.escape(text, "\\"), "ce") > 0, text)
  vim.fn.cursor(vim.fn.line("."), vim.fn.col(".") + 1)
  vim.cmd("normal! hl")
end

local function run()
  vim.o.hidden = true
  vim.o.virtualedit = "onemore"
  vim.cmd("edit " .. project .. "/parts/orders.yaml")
  local client = assert(vim.lsp.start_client({
    name = "moemap",
    cmd = { python, "-m", "moemap", "lsp" },
    root_dir = project,
    workspace_folders = { { uri = vim.uri_from_fname(project), name = "project" } },
  }))
  assert(vim.lsp.buf_attach_client(0, client))
  until_true("the start", function()
    return vim.lsp.get_client_by_id(client) and vim.lsp.get_client_by_id(client).initialized
  end)

  -- A name is mistyped, and corrected.
  vim.cmd([[%s/settings\.currency/setings.currency/]])
  until_true("a problem", function()
    return #vim.diagnostic.get(0) > 0
  end)
  seen.problems = vim.tbl_map(function(one)
    return { one.lnum, one.col, one.end_col, one.code, one.source, one.message }
  end, vim.diagnostic.get(0))
  vim.cmd("silent undo")
  until_true("the end of the problem", function()
    return #vim.diagnostic.get(0) == 0
  end)

  -- Members of the input are completed.
  go_after("when: order.")
  seen.members = vim.tbl_map(function(one)
    return one.label
  end, vim.lsp.util.extract_completion_items(answer("textDocument/completion", vim.lsp.util.make_position_params())))

  -- A name says what it is.
  go_after("when: order.ki")
  seen.hover = vim.lsp.util.convert_input_to_markdown_lines(
    answer("textDocument/hover", vim.lsp.util.make_position_params()).contents
  )

  -- A rule is renamed in all files.
  go_after("- rule: refun")
  vim.lsp.buf.rename("returned")
  until_true("the new name", function()
    return vim.fn.search("rule: returned", "nw") > 0
  end)
  local workspace = vim.uri_to_bufnr(vim.uri_from_fname(project .. "/acme.yaml"))
  until_true("the new name elsewhere", function()
    return vim.tbl_contains(vim.api.nvim_buf_get_lines(workspace, 0, -1, false), "- rule: returned")
  end)
  seen.renamed = vim.tbl_filter(function(line)
    return line:find("return") ~= nil
  end, vim.api.nvim_buf_get_lines(workspace, 0, -1, false))

  vim.lsp.stop_client(client)
  until_true("the end", function()
    return vim.lsp.get_client_by_id(client) == nil
  end)
end

local ok, message = pcall(run)
seen.error = not ok and tostring(message) or nil
vim.fn.writefile({ vim.fn.json_encode(seen) }, vim.env.MOEMAP_SEEN)
vim.cmd("qall!")
