" The program, called by the editor: layout by `gq` and :CistronFormat, faults by :make.
" Environment: CISTRON, the program.
set nocompatible
filetype plugin indent on
syntax on
let g:cistron_program = $CISTRON
let s:folder = tempname()
call mkdir(s:folder)
let s:faults = []
function! s:Equal(what, found, wanted) abort
  if a:found !=# a:wanted
    call add(s:faults, printf('%s: %s, not %s', a:what, string(a:found), string(a:wanted)))
  endif
endfunction

execute 'silent edit' s:folder . '/a.rhai'
call s:Equal('file type', &filetype, 'rhai')
call setline(1, ['fn f(x){', 'let y=x;', 'y', '}'])
silent normal! gggqG
call s:Equal('gq', getline(1, '$'), ['fn f(x) {', '    let y = x;', '    y', '}'])
call setline(1, ['let a=1;', '', '', '', 'let b = 2;'])
silent CistronFormat
call s:Equal(':CistronFormat', getline(1, '$'), ['let a = 1;', '', 'let b = 2;'])
silent %delete
call setline(1, 'let a = `b')
silent! CistronFormat
call s:Equal('a text that cannot be read stays', getline(1, '$'), ['let a = `b'])

silent %delete
call setline(1, ['let a = 1;', 'nn::conv1d(3);'])
silent write
compiler cistron
silent! make!
let s:found = filter(getqflist(), 'v:val.valid')
call s:Equal('faults', map(copy(s:found), '[v:val.lnum, v:val.col]'), [[2, 5]])
call s:Equal('message', len(s:found) == 1 && s:found[0].text =~# 'takes 2 or 3 arguments', 1)
call writefile(s:faults + [printf('6 checks, %d faults', len(s:faults))], empty($RESULT) ? '/dev/stderr' : $RESULT)
call delete(s:folder, 'rf')
if empty(s:faults) | qall! | else | cquit! | endif
