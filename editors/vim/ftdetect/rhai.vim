autocmd BufNewFile,BufRead *.rhai setfiletype rhai
autocmd BufNewFile,BufRead * if !did_filetype() && getline(1) =~# '^#!.*\<cistron\>' | setfiletype rhai | endif
