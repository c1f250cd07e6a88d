-- Neovim's client of the language server, and its highlighting by the tree-sitter grammar.
--
--   CISTRON=PROGRAM PARSER=rhai.so nvim --headless -u NONE --cmd 'set rtp^=editors/vim' -l tests/neovim.lua
--
-- PARSER is the compiled grammar; without it that part is left out. Neovim 0.10 or later.
local program = assert(os.getenv("CISTRON"), "CISTRON is not set")
local checks, faults = 0, 0

local function equal(what, found, wanted)
  checks = checks + 1
  if not vim.deep_equal(found, wanted) then
    faults = faults + 1
    io.write(("WRONG %s: %s, not %s"):format(what, vim.inspect(found), vim.inspect(wanted)), "\n")
  end
end

local function lines() return vim.api.nvim_buf_get_lines(0, 0, -1, false) end

local folder = vim.fn.tempname()
vim.fn.mkdir(folder, "p")
vim.cmd("filetype plugin indent on")
vim.fn.writefile({ "/// Doubles.", "fn twice(x) { x * 2 }" }, folder .. "/own.rhai")
vim.cmd.edit(folder .. "/a.rhai")
equal("file type", vim.bo.filetype, "rhai")
vim.api.nvim_buf_set_lines(0, 0, -1, false, {
  'import "own" as own;', "let x = own::twice(1);", "nn::conv1(8, 3);", "print(x);",
})

local client = vim.lsp.start({ name = "cistron", cmd = { program, "lsp" }, root_dir = folder })
equal("the server starts", type(client), "number")

local function faults_of(count)
  vim.wait(20000, function() return #vim.diagnostic.get(0) == count end, 50)
  return vim.tbl_map(function(one) return { one.lnum, one.message:match("did you mean [^?]*") } end, vim.diagnostic.get(0))
end
equal("diagnostics", faults_of(1), { { 2, "did you mean `nn::conv1d`" } })
vim.api.nvim_buf_set_lines(0, 2, 3, false, { "nn::conv1d(8, 3);" })
equal("diagnostics of a repaired text", faults_of(0), {})

local function asked(method, line, column, more)
  vim.api.nvim_win_set_cursor(0, { line, column })
  local params = vim.lsp.util.make_position_params(0, "utf-16")
  local answers = vim.lsp.buf_request_sync(0, method, vim.tbl_extend("force", params, more or {}), 20000)
  local _, answer = next(answers or {})
  return answer and answer.result
end

local hover = asked("textDocument/hover", 3, 5)
equal("hover", hover and hover.contents.value:find("filters", 1, true) ~= nil, true)
local found = asked("textDocument/completion", 3, 6) or {}
local labels = vim.tbl_map(function(one) return one.label end, found.items or found)
equal("completion", vim.tbl_contains(labels, "conv1d"), true)
local place = asked("textDocument/definition", 2, 14)
equal("definition", place and place.uri, vim.uri_from_fname(folder .. "/own.rhai"))

local edit = asked("textDocument/rename", 2, 14, { newName = "double" })
vim.lsp.util.apply_workspace_edit(edit, "utf-16")
equal("rename, here", lines()[2], "let x = own::double(1);")
local other = vim.fn.bufnr(folder .. "/own.rhai")
equal("rename, in the other script", vim.api.nvim_buf_get_lines(other, 1, 2, false)[1], "fn double(x) { x * 2 }")

vim.api.nvim_buf_set_lines(0, 0, -1, false, { "fn f(x){", "let y=x;", "y", "}" })
vim.lsp.buf.format({ timeout_ms = 20000 })
equal("formatting", lines(), { "fn f(x) {", "    let y = x;", "    y", "}" })

local parser = os.getenv("PARSER")
if parser then
  vim.treesitter.language.add("rhai", { path = parser })
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { "let s = `a ${nn::relu()} b`;" })
  vim.treesitter.start(0, "rhai")
  vim.treesitter.get_parser(0, "rhai"):parse(true)
  local function capture(column)
    local all = vim.treesitter.get_captures_at_pos(0, 0, column)
    return all[#all] and all[#all].capture
  end
  equal("highlight of a string", capture(9), "string")
  equal("highlight of a namespace", capture(13), "module.builtin")
  equal("highlight of a function", capture(17), "function.call")
end

vim.lsp.stop_client(client, false)
equal("the server ends", vim.wait(5000, function() return #vim.lsp.get_clients() == 0 end, 50), true)
vim.fn.delete(folder, "rf")
io.write(("%d checks, %d faults"):format(checks, faults), "\n")
vim.cmd(faults == 0 and "qall!" or "cquit!")
