" Settings for scripts of cistron: comments, layout by `cistron fmt`, checks by `cistron check`.
"
" g:cistron_program  the program, `cistron` where it is not set
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1
let s:save_cpo = &cpo
set cpo&vim

let s:program = get(g:, 'cistron_program', 'cistron')

setlocal comments=s1:/*,mb:*,ex:*/,:///,://!,://
setlocal commentstring=//\ %s
setlocal formatoptions-=t formatoptions+=croql
setlocal expandtab shiftwidth=4 softtabstop=4
setlocal suffixesadd=.rhai
setlocal include=^\\s*import\\s\\+[\"`]
setlocal define=^\\s*\\%(private\\s\\+\\)\\?fn\\s\\+
" `gq` formats the lines of a motion, `gggqG` the whole script; `gw` breaks comments as usual
let &l:formatprg = shellescape(s:program) . ' fmt -'

let b:undo_ftplugin = 'setlocal comments< commentstring< formatoptions< expandtab< shiftwidth<'
      \ . ' softtabstop< suffixesadd< include< define< formatprg<'

if exists('g:loaded_matchit') || exists('g:loaded_matchup')
  let b:match_words = '\<if\>:\<else\>,\<try\>:\<catch\>,\<do\>:\<while\>\|\<until\>'
  let b:undo_ftplugin .= ' | unlet! b:match_words'
endif

" lays the whole script out; where it cannot be read, the text stays and the error is shown
function! s:Format() abort
  let text = getline(1, '$')
  let found = systemlist(shellescape(s:program) . ' fmt -', text)
  if v:shell_error != 0
    echohl ErrorMsg | echomsg join(found, ' ') | echohl None
    return
  endif
  if found ==# text
    return
  endif
  let view = winsaveview()
  call setline(1, found)
  if line('$') > len(found)
    silent execute (len(found) + 1) . ',$delete _'
  endif
  call winrestview(view)
endfunction
command! -buffer CistronFormat call s:Format()
let b:undo_ftplugin .= ' | silent! delcommand -buffer CistronFormat'

let &cpo = s:save_cpo
unlet s:save_cpo
