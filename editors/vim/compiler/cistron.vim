" `:compiler cistron`, then `:make` lists what `cistron check` finds in the script.
if exists('current_compiler')
  finish
endif
let current_compiler = 'cistron'
let s:save_cpo = &cpo
set cpo&vim

execute 'CompilerSet makeprg=' . escape(shellescape(get(g:, 'cistron_program', 'cistron')), ' \|"') . '\ check\ %:S'
" the kind and the message, the place, lines of the script, and a hint
CompilerSet errorformat=%Eerror[%.%#]:\ %m,%C\ \ -->\ %f:%l:%c,%-C%*[\ 0-9]\|%.%#,%C\ \ hint:\ %m,%-G%.%#

let &cpo = s:save_cpo
unlet s:save_cpo
