-- Neovim 0.11 and later read this file: vim.lsp.enable("cistron")
return {
  cmd = { vim.g.cistron_program or "cistron", "lsp" },
  filetypes = { "rhai" },
  root_markers = { ".git" },
}
