-- Opens $MOEMAP_FILE in Neovim with the language server, mistypes a name, and asks what another one is.
local folder = vim.fn.fnamemodify(vim.env.MOEMAP_FILE, ":h")

vim.o.termguicolors = true
vim.o.background = "light"
vim.o.number = true
vim.o.signcolumn = "yes"
vim.o.laststatus = 0
vim.o.showmode = false
vim.o.ruler = false
vim.o.updatetime = 100
vim.o.wrap = false
for group, style in pairs({
  Normal = { fg = "#24292f", bg = "#ffffff" },
  NormalFloat = { fg = "#24292f", bg = "#f6f8fa" },
  FloatBorder = { fg = "#8c959f", bg = "#f6f8fa" },
  LineNr = { fg = "#8c959f" },
  SignColumn = { bg = "#ffffff" },
  Comment = { fg = "#6e7781" },
  Identifier = { fg = "#0550ae" },
  String = { fg = "#0a3069" },
  Number = { fg = "#0550ae" },
  Boolean = { fg = "#0550ae" },
  Delimiter = { fg = "#6e7781" },
  Special = { fg = "#6e7781" },
  Structure = { fg = "#6e7781" },
  LspCodeLens = { fg = "#8c959f" },
  LspCodeLensSeparator = { fg = "#8c959f" },
  DiagnosticError = { fg = "#cf222e" },
  DiagnosticUnderlineError = { sp = "#cf222e", underline = true },
}) do
  vim.api.nvim_set_hl(0, group, style)
end
vim.lsp.handlers["textDocument/hover"] = vim.lsp.with(vim.lsp.handlers.hover, { border = "solid" })
vim.diagnostic.config({ virtual_text = { spacing = 2, prefix = "" }, severity_sort = true })

local function until_true(what, condition)
  if not vim.wait(40000, condition, 20) then
    error(what .. " did not happen")
  end
end

vim.cmd("edit " .. vim.fn.fnameescape(vim.env.MOEMAP_FILE))
local client = vim.lsp.start_client({
  name = "moemap",
  cmd = { vim.env.MOEMAP_PYTHON, "-m", "moemap", "lsp" },
  root_dir = folder,
  workspace_folders = { { uri = vim.uri_from_fname(folder), name = "mapping" } },
})
vim.lsp.buf_attach_client(0, client)
until_true("the start", function()
  return vim.lsp.get_client_by_id(client).initialized
end)
vim.cmd([[%s/from: product.quantity/from: product.quantiy/]])
until_true("a problem", function()
  return #vim.diagnostic.get(0) > 0
end)
vim.fn.search("has_amounts: settings")
vim.cmd("normal! zt")
vim.fn.search("product.price")
vim.cmd("normal! 2w")
until_true("a sample", function()  -- which is searched while others are shown
  local answers = vim.lsp.buf_request_sync(0, "textDocument/hover", vim.lsp.util.make_position_params(), 10000)
  return vim.inspect(answers):find("In `[%w_.]+`: `%d") ~= nil
end)
vim.lsp.buf.hover()
until_true("a float", function()
  return #vim.api.nvim_list_wins() > 1
end)
vim.cmd("redraw!")
vim.fn.writefile({}, vim.env.MOEMAP_SEEN)
