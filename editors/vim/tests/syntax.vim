" Groups of syntax/rhai.vim at places of lines. Each case is a line, a text in it, and its group.
set nocompatible
filetype plugin indent on
syntax on
enew!
setfiletype rhai
let s:cases = [
      \ ['let x = nn::conv1d(8, 2.5e-3);', 'let', 'rhaiStorage'],
      \ ['let x = nn::conv1d(8, 2.5e-3);', 'nn', 'rhaiNamespaceCistron'],
      \ ['let x = nn::conv1d(8, 2.5e-3);', 'conv1d', 'rhaiCall'],
      \ ['let x = nn::conv1d(8, 2.5e-3);', '8', 'rhaiNumber'],
      \ ['let x = nn::conv1d(8, 2.5e-3);', '2.5e-3', 'rhaiFloat'],
      \ ['let x = own::f(1.);', 'own', 'rhaiNamespace'],
      \ ['let x = own::f(1.);', '1.', 'rhaiFloat'],
      \ ['for i in 0..9 { }', '0', 'rhaiNumber'],
      \ ['for i in 0..9 { }', '..', 'rhaiOperator'],
      \ ['for i in 0..9 { }', 'in', 'rhaiRepeat'],
      \ ['0xFF_ff + 0b10', '0xFF', 'rhaiNumber'],
      \ ['private fn Tensor.twice(a) { this }', 'Tensor', 'rhaiType'],
      \ ['private fn Tensor.twice(a) { this }', 'twice', 'rhaiFunction'],
      \ ['private fn Tensor.twice(a) { this }', 'this', 'rhaiSelf'],
      \ ['let s = "a \" ""b"" \n" + 1;', '\n', 'rhaiEscape'],
      \ ['let s = "a \" ""b"" \n" + 1;', '1', 'rhaiNumber'],
      \ ['let s = `a ${f(`b ${c}`, #{ x: "}" })} d` + 1;', 'a ', 'rhaiTemplate'],
      \ ['let s = `a ${f(`b ${c}`, #{ x: "}" })} d` + 1;', 'f', 'rhaiCall'],
      \ ['let s = `a ${f(`b ${c}`, #{ x: "}" })} d` + 1;', 'b ', 'rhaiTemplate'],
      \ ['let s = `a ${f(`b ${c}`, #{ x: "}" })} d` + 1;', '}" })', 'rhaiString'],
      \ ['let s = `a ${f(`b ${c}`, #{ x: "}" })} d` + 1;', ' d', 'rhaiTemplate'],
      \ ['let s = `a ${f(`b ${c}`, #{ x: "}" })} d` + 1;', '1', 'rhaiNumber'],
      \ ['let s = ```d`` \${e}` + 1;', '{e}', 'rhaiTemplate'],
      \ ['let s = ```d`` \${e}` + 1;', '1', 'rhaiNumber'],
      \ ['let s = #"a "b" \n"# + 1;', '\n', 'rhaiRawString'],
      \ ['let s = #"a "b" \n"# + 1;', '1', 'rhaiNumber'],
      \ ["let c = '\\'' + 'é';", "'é'", 'rhaiCharacter'],
      \ ['/* a /* b */ c */ let x = 1;', 'c *', 'rhaiBlockComment'],
      \ ['/* a /* b */ c */ let x = 1;', 'let', 'rhaiStorage'],
      \ ['/** a */ let x = 1;', 'a', 'rhaiDocBlock'],
      \ ['/**/ let x = 1;', 'let', 'rhaiStorage'],
      \ ['/// a', 'a', 'rhaiDocComment'],
      \ ['//// a', 'a', 'rhaiComment'],
      \ ['list.map(|v| v * 2)', 'v', 'rhaiParameter'],
      \ ['let h = flags | mask | 4;', 'mask', ''],
      \ ['optim.until(3)', 'until', 'rhaiCall'],
      \ ['x.width + 1', 'width', 'rhaiProperty'],
      \ ['f("", "") + 1', '1', 'rhaiNumber'],
      \ ['let s = `` + 1;', '1', 'rhaiNumber'],
      \ ['#{ width: 3 }', 'width', 'rhaiKey'],
      \ ['print(param("a", 1))', 'print', 'rhaiBuiltin'],
      \ ['if a !in b { } else { }', '!in', 'rhaiRepeat'],
      \ ['try { } catch (e) { throw e; }', 'catch', 'rhaiException'],
      \ ['no_grad { }', 'no_grad', 'rhaiStatement'],
      \ ]
let s:faults = []
for [s:line, s:part, s:group] in s:cases
  enew!
  setfiletype rhai
  call setline(1, s:line)
  let s:found = synIDattr(synID(1, stridx(s:line, s:part) + 1, 1), 'name')
  if s:found !=# s:group
    call add(s:faults, printf('%s: `%s` is %s, not %s', s:line, s:part, s:found, s:group))
  endif
endfor
call writefile(s:faults + [printf('%d groups, %d faults', len(s:cases), len(s:faults))], empty($RESULT) ? '/dev/stderr' : $RESULT)
if empty(s:faults) | qall! | else | cquit! | endif
