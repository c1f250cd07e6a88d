" Indentation as `cistron fmt` lays scripts out: a line is one step inside the line of the bracket
" that is open before it, and a further step where it continues a statement.
if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal autoindent nosmartindent
setlocal indentexpr=RhaiIndent(v:lnum)
setlocal indentkeys=0{,0},0),0],!^F,o,O,0.,0?
let b:undo_indent = 'setlocal autoindent< smartindent< indentexpr< indentkeys<'

if exists('*RhaiIndent')
  finish
endif

" strings and comments of one line
let s:text = '"\%(\\.\|""\|[^"\\]\)*"\|`[^`]*`\|''\%(\\[^'']*''\|[^''\\]''\)\|//.*$\|/\*.\{-}\*/'

" Whether a line begins within a string or comment of several lines. The groups are asked only where
" the script has such texts: they are slow to find.
function! s:IsWithin(line) abort
  if get(b:, 'rhai_indent', [0])[0] != b:changedtick
    let odd = '^[^`]*\%(`[^`]*`[^`]*\)*`[^`]*$\|#"\|/\*\|\\$'
    let b:rhai_indent = [b:changedtick, search(odd, 'nw') > 0]
  endif
  return b:rhai_indent[1]
        \ && synIDattr(synID(a:line, 1, 1), 'name') =~# '\%(Template\|String\|BlockComment\|DocBlock\)$'
endfunction

" The code of a line: without comments and blanks at its end, and with a quote for each string.
function! s:Code(number) abort
  if s:IsWithin(a:number)
    return ''
  endif
  let code = substitute(getline(a:number), s:text, '\=submatch(0)[0] ==# "/" ? "" : "\""', 'g')
  return substitute(code, '\s\+$', '', '')
endfunction

" The line of the bracket, the nth from the innermost, that is open before a line; 0 if none is.
function! s:Opening(line, n) abort
  let left = a:n
  let depth = 0
  let number = prevnonblank(a:line - 1)
  while number > 0
    let code = s:Code(number)
    for letter in reverse(split(substitute(code, '[^][(){}]', '', 'g'), '\zs'))
      if stridx(')]}', letter) >= 0
        let depth += 1
      elseif depth > 0
        let depth -= 1
      else
        let left -= 1
        if left == 0
          return number
        endif
      endif
    endfor
    " nothing is open before a statement at the left margin
    if code =~# '^\h'
      return 0
    endif
    let number = prevnonblank(number - 1)
  endwhile
  return 0
endfunction

" Whether the code of a line continues that of the lines before it.
function! s:Continues(number) abort
  let next = a:number
  " comments are indented as what follows them
  while next <= line('$') && s:Code(next) =~# '^\s*$'
    let next += 1
  endwhile
  let text = next > line('$') ? '' : trim(s:Code(next))
  if text ==# '' || text =~# '^[]})]'
    return 0
  endif
  let before = a:number - 1
  while before > 0 && s:Code(before) =~# '^\s*$'
    let before -= 1
  endwhile
  if before == 0
    return 0
  endif
  let last = s:Code(before)
  if last =~# '}$'
    return text =~# '^?\?\.\%(\.\)\@!' || text =~# '^\%(&&\|||\|??\|[=!<>]=\||>\|[/%<>=]\)'
  endif
  return last !~# '[;,{(\[]$'
endfunction

function! RhaiIndent(number) abort
  " the lines of a string stay as they are
  if a:number > 1 && s:IsWithin(a:number)
    return -1
  endif
  let text = s:Code(a:number)
  let closing = len(substitute(matchstr(text, '^\s*\zs[]})][]}) \t]*'), '\s', '', 'g'))
  if closing > 0
    let opening = s:Opening(a:number, closing)
    return opening > 0 ? indent(opening) : 0
  endif
  let opening = s:Opening(a:number, 1)
  let inside = opening > 0 ? indent(opening) + shiftwidth() : 0
  return inside + (s:Continues(a:number) ? shiftwidth() : 0)
endfunction
