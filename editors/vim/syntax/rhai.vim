" Rhai 1.27 with the additions of cistron.
if exists('b:current_syntax')
  finish
endif

syntax iskeyword @,48-57,_,192-255

" names
syntax match rhaiProperty '\%(\.\@1<!\.\|?\.\)\@2<=\s*\h\w*'
syntax match rhaiCall '\<\h\w*\ze!\?('
syntax match rhaiNamespace '\<\h\w*\ze::'
syntax match rhaiNamespaceCistron '\<\%(augment\|cluster\|contacts\|data\|explain\|expression\|files\|genome\|graph\|init\|intervals\|label\|loss\|metric\|motif\|motifs\|network\|nn\|optim\|plot\|protein\|rule\|schedule\|search\|seq\|sim\|stats\|table\|tensor\|tokenizer\|track\|train\|trees\|weights\)\ze::'
syntax match rhaiBuiltin '\%(::\|\.\)\@2<!\<\%(print\|debug\|type_of\|is_shared\|is_def_var\|is_def_fn\|Fn\|apropos\|assert\|assert_eq\|assert_near\|display\|format\|help\|param\|pretty\|range\|report\|save_text\|seconds\)\ze('
syntax match rhaiConstant '\<\u[A-Z0-9_]\+\>'

" words: none after a point or after `::`
syntax match rhaiConditional '\%(::\|\.\)\@2<!\<\%(if\|else\|switch\)\>'
syntax match rhaiRepeat '\%(::\|\.\)\@2<!\<\%(for\|while\|loop\|do\|until\|break\|continue\|in\)\>'
syntax match rhaiException '\%(::\|\.\)\@2<!\<\%(try\|catch\|throw\)\>'
syntax match rhaiInclude '\%(::\|\.\)\@2<!\<\%(import\|export\|as\)\>'
syntax match rhaiStatement '\%(::\|\.\)\@2<!\<\%(return\|no_grad\)\>'
syntax match rhaiStorage '\%(::\|\.\)\@2<!\<\%(let\|const\|private\)\>'
syntax match rhaiBoolean '\%(::\|\.\)\@2<!\<\%(true\|false\)\>'
syntax match rhaiSelf '\%(::\|\.\)\@2<!\<\%(this\|global\)\>'
syntax match rhaiFunctionWord '\<fn\>' nextgroup=rhaiType,rhaiFunction skipwhite
syntax match rhaiType '\h\w*\ze\.' contained nextgroup=rhaiTypePoint
syntax match rhaiType '"[^"]*"\ze\.' contained nextgroup=rhaiTypePoint
syntax match rhaiTypePoint '\.' contained nextgroup=rhaiFunction
syntax match rhaiFunction '\h\w*\ze\s*(' contained

" numbers: a point belongs to one before a digit, and before a sign other than a point
syntax match rhaiNumber '\<\d[0-9_]*\>'
syntax match rhaiNumber '\<0[xX][0-9A-Fa-f_]\+\>'
syntax match rhaiNumber '\<0[oO][0-7_]\+\>'
syntax match rhaiNumber '\<0[bB][01_]\+\>'
syntax match rhaiFloat '\<\d[0-9_]*\.\%([.A-Za-z_]\)\@!'
syntax match rhaiFloat '\<\d[0-9_]*\.\d[0-9_]*\%([eE][+-]\?\d[0-9_]*\)\?'
syntax match rhaiFloat '\<\d[0-9_]*[eE][+-]\?\d[0-9_]*'

syntax match rhaiOperator '[-+*/%@^&|<>=!]\|??\|\.\.=\?'
syntax match rhaiRepeat '!in\>'
syntax match rhaiUnit '\%(\w\|)\|\]\|!\)\@1<!()'
syntax match rhaiParameters '\%(\w\s*\|)\s*\|\]\s*\|"\s*\|`\s*\)\@20<!|\%(\s*\h\w*\s*,\?\)\+|' contains=rhaiParameter
syntax match rhaiParameters '\%(\<return\s\+\|\<throw\s\+\|\<else\s\+\)\@20<=|\%(\s*\h\w*\s*,\?\)\+|' contains=rhaiParameter
syntax match rhaiParameter '\h\w*' contained
syntax region rhaiBlock matchgroup=rhaiBrace start='#\?{' end='}' transparent contains=TOP
syntax match rhaiKey '\<\h\w*\ze\s*:\%(:\)\@!'

" strings
syntax match rhaiEscape '\\\%(x\x\{2}\|u\x\{4}\|U\x\{8}\|[\\rnt"'']\|$\)' contained
syntax match rhaiEscape '""' contained
syntax region rhaiString matchgroup=rhaiQuote start='"' skip='\\.\|\\$\|""' end='"' end='\\\@1<!$' contains=rhaiEscape,@Spell
syntax region rhaiRawString start='\z(#\+\)"' end='"\z1' contains=@Spell
syntax region rhaiTemplate matchgroup=rhaiQuote start='`' skip='``\|\\${' end='`' contains=rhaiTemplateEscape,rhaiInterpolation,@Spell
syntax match rhaiTemplateEscape '``\|\\\$\ze{' contained
syntax region rhaiInterpolation matchgroup=rhaiInterpolationBrace start='${' end='}' contained contains=TOP
syntax match rhaiCharacter "'\%(\\\%(x\x\{2}\|u\x\{4}\|U\x\{8}\|.\)\|[^'\\]\)'" contains=rhaiEscape

" comments
syntax keyword rhaiTodo TODO FIXME XXX NOTE contained
syntax match rhaiComment '//.*$' contains=rhaiTodo,@Spell
syntax match rhaiDocComment '//\%(/\%(/\)\@!\|!\).*$' contains=@Spell
syntax region rhaiBlockComment matchgroup=rhaiCommentSign start='/\*' end='\*/' contains=rhaiBlockComment,rhaiTodo,@Spell
syntax region rhaiDocBlock matchgroup=rhaiDocSign start='/\*\*[*/]\@!' end='\*/' contains=rhaiBlockComment,@Spell
syntax match rhaiShebang '\%^#!.*$'

" long strings and comments are coloured from their beginning
syntax sync fromstart

highlight default link rhaiBlockComment Comment
highlight default link rhaiBoolean Boolean
highlight default link rhaiBrace Delimiter
highlight default link rhaiBuiltin Function
highlight default link rhaiCall Function
highlight default link rhaiCharacter Character
highlight default link rhaiComment Comment
highlight default link rhaiCommentSign Comment
highlight default link rhaiConditional Conditional
highlight default link rhaiConstant Constant
highlight default link rhaiDocBlock SpecialComment
highlight default link rhaiDocComment SpecialComment
highlight default link rhaiDocSign SpecialComment
highlight default link rhaiEscape SpecialChar
highlight default link rhaiException Exception
highlight default link rhaiFloat Float
highlight default link rhaiFunction Function
highlight default link rhaiFunctionWord Keyword
highlight default link rhaiInclude Include
highlight default link rhaiInterpolationBrace Special
highlight default link rhaiKey Identifier
highlight default link rhaiNamespace Identifier
highlight default link rhaiNamespaceCistron Structure
highlight default link rhaiNumber Number
highlight default link rhaiOperator Operator
highlight default link rhaiParameter Identifier
highlight default link rhaiProperty Identifier
highlight default link rhaiQuote String
highlight default link rhaiRawString String
highlight default link rhaiRepeat Repeat
highlight default link rhaiSelf Special
highlight default link rhaiShebang PreProc
highlight default link rhaiStatement Statement
highlight default link rhaiStorage StorageClass
highlight default link rhaiString String
highlight default link rhaiTemplate String
highlight default link rhaiTemplateEscape SpecialChar
highlight default link rhaiTodo Todo
highlight default link rhaiType Type
highlight default link rhaiUnit Constant

let b:current_syntax = 'rhai'
