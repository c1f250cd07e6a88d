" For each script of $SCRIPTS, a file with a path in each line: whether a string, comment or bracket
" is open after its last line, and the lines that indent/rhai.vim indents in another way than they
" are. Scripts of the repository are laid out by `cistron fmt`.
set nocompatible
filetype plugin indent on
syntax on
set hidden
let s:faults = []
let s:lines = 0
for s:path in readfile($SCRIPTS)
  execute 'silent edit!' fnameescape(s:path)
  if &filetype !=# 'rhai'
    call add(s:faults, s:path . ': file type ' . &filetype)
  endif
  let s:before = getline(1, '$')
  let s:lines += len(s:before)
  silent normal! gg=G
  let s:after = getline(1, '$')
  for s:i in range(len(s:before))
    if s:before[s:i] !=# s:after[s:i]
      call add(s:faults, printf('%s:%d: indented as `%s`', s:path, s:i + 1, s:after[s:i]))
    endif
  endfor
  call setline(1, s:before)
  call append('$', 'end')
  let s:open = map(synstack(line('$'), 1), 'synIDattr(v:val, "name")')
  if !empty(s:open)
    call add(s:faults, s:path . ': still open at the end: ' . join(s:open))
  endif
  silent bwipeout!
endfor
call writefile(s:faults + [printf('%d lines, %d faults', s:lines, len(s:faults))], empty($RESULT) ? '/dev/stderr' : $RESULT)
if empty(s:faults) | qall! | else | cquit! | endif
