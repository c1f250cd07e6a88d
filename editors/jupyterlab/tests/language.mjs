// Tests of the parser: styles of short texts, indentation, and whole scripts.
//
//   node tests/language.mjs [FILE…]    reads whole scripts, which `cistron fmt` has laid out
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rhai } from '../src/language.js';
import { read } from './tokens.mjs';

// pairs of text and style; neighbours of one style are joined
function styles(text) {
  const joined = [];
  for (const [line, , word, style] of read(text).tokens) {
    const last = joined.at(-1);
    if (last && last.style === style && last.line === line) last.text += word;
    else joined.push({ line, text: word, style });
  }
  return joined.map(({ text, style }) => [text, style]);
}

const style = (text, word) => styles(text).find(([one]) => one === word)?.[1];

test('a call of a namespace with options', () => {
  assert.deepEqual(styles('let net = nn::conv1d(8, #{ lr: 1e-3 });'), [
    ['let', 'definitionKeyword'],
    ['net', 'variableName.definition'],
    ['=', 'operator'],
    ['nn', 'variableName.standard'],
    ['::', 'punctuation'],
    ['conv1d', 'variableName.function'],
    ['(', 'paren'],
    ['8', 'integer'],
    [',', 'separator'],
    ['#{', 'brace'],
    ['lr', 'propertyName.definition'],
    [':', 'separator'],
    ['1e-3', 'float'],
    ['}', 'brace'],
    [')', 'paren'],
    [';', 'separator'],
  ]);
});

test('interpolations are code, and may contain templates', () => {
  assert.deepEqual(styles('`a ${f(`b ${c}`, #{ x: "}" })} ``d`` \\${e}`').slice(0, 9), [
    ['`a ', 'string'],
    ['${', 'brace.special'],
    ['f', 'variableName.function'],
    ['(', 'paren'],
    ['`b ', 'string'],
    ['${', 'brace.special'],
    ['c', 'variableName'],
    ['}', 'brace.special'],
    ['`', 'string'],
  ]);
  assert.deepEqual(styles('`a ``b`` \\${e} ${1}`;').slice(1, 6), [
    ['``', 'string.special'],
    ['b', 'string'],
    ['``', 'string.special'],
    [' ', 'string'],
    ['\\$', 'string.special'],
  ]);
  assert.equal(style('`first\nsecond ${\n  [1].len()\n} third`; let x', 'let'), 'definitionKeyword');
});

test('strings end with their line, unless a backslash continues them', () => {
  assert.equal(style('"a \\"b\\" ""c"" // d"; let', 'let'), 'definitionKeyword');
  assert.equal(style('"a \\\n  b"; let', 'let'), 'definitionKeyword');
  assert.equal(style('"a\nlet', 'let'), 'definitionKeyword');
  assert.equal(style('"a\\n\nlet', 'let'), 'definitionKeyword');
  assert.equal(style('""; let', 'let'), 'definitionKeyword');
  assert.equal(style('"\nlet', 'let'), 'definitionKeyword');
  assert.equal(style('"a \\x41"', '\\x41'), 'string.special');
  assert.deepEqual(styles('#"a "q" \\n"# + ##"b"#c"##;'), [
    ['#"a "q" \\n"#', 'string'],
    ['+', 'operator'],
    ['##"b"#c"##', 'string'],
    [';', 'separator'],
  ]);
  for (const letter of ["'c'", "'\\''", "'\\u00e9'", "'é'", "'🧬'"]) {
    assert.equal(style(`[${letter}]`, letter), 'character');
  }
});

test('comments', () => {
  assert.equal(style('/// documentation', '/// documentation'), 'docComment');
  assert.equal(style('//! of the file', '//! of the file'), 'docComment');
  assert.equal(style('//// none', '//// none'), 'lineComment');
  assert.equal(style('/* a /* b */ c */ let', 'let'), 'definitionKeyword');
  assert.equal(style('/** a\n b */ let', ' b */'), 'docComment');
  assert.equal(style('/** a\n b */ let', 'let'), 'definitionKeyword');
  assert.equal(style('/**/ let', 'let'), 'definitionKeyword');
  assert.equal(style('#!/usr/bin/env cistron\nlet', '#!/usr/bin/env cistron'), 'meta');
});

test('numbers, ranges and methods of numbers', () => {
  for (const [text, kind] of [
    ['0xff_01', 'integer'],
    ['0b10', 'integer'],
    ['1_000', 'integer'],
    ['1.5e-3', 'float'],
    ['1e6', 'float'],
    ['2.', 'float'],
  ]) {
    assert.equal(style(`x = ${text};`, text), kind, text);
  }
  assert.deepEqual(styles('0..9').map(([one]) => one), ['0', '..', '9']);
  assert.deepEqual(styles('3.max(1)').slice(0, 3), [
    ['3', 'integer'],
    ['.', 'derefOperator'],
    ['max', 'propertyName.function'],
  ]);
});

test('`|` of closures and of operators', () => {
  assert.equal(style('let f = |a, b| a | b || c;', 'a'), 'variableName.definition');
  assert.equal(style('list.map(|v| v * 2)', 'v'), 'variableName.definition');
  assert.equal(style('x |> |v| v', '|>'), 'operator');
  assert.equal(style('flags | mask | 4', 'mask'), 'variableName');
  assert.equal(style('return |y| y', 'y'), 'variableName.definition');
  assert.equal(style('|| empty()', '||'), 'punctuation');
  assert.equal(style('a || b', '||'), 'operator');
});

test('names', () => {
  assert.equal(style('private fn Tensor.twice(a) { }', 'Tensor'), 'typeName');
  assert.equal(style('private fn Tensor.twice(a) { }', 'twice'), 'variableName.function.definition');
  assert.equal(style('fn twice(a) { }', 'a'), 'variableName.definition');
  assert.equal(style('fn f(a) { () }', '()'), 'atom');
  assert.equal(style('fn f() { 1 }', '()'), 'paren');
  assert.equal(style('import "std/layers/tcn" as tcn;', 'tcn'), 'namespace.definition');
  assert.equal(style('tcn::stack(1)', 'tcn'), 'namespace');
  assert.equal(style('x.nn.until(3)', 'until'), 'propertyName.function');
  assert.equal(style('x?.grad', 'grad'), 'propertyName');
  assert.equal(style('global::RATE', 'global'), 'self');
  assert.equal(style('global::RATE', 'RATE'), 'variableName.constant');
  assert.equal(style('print(x)', 'print'), 'variableName.standard');
  assert.equal(style('x.print()', 'print'), 'propertyName.function');
  assert.equal(style('for (v, i) in list { v }', 'i'), 'variableName.definition');
  assert.equal(style('for (v, i) in list { v }', 'list'), 'variableName');
  assert.equal(style('let [a, b] = c;', 'b'), 'variableName.definition');
  assert.equal(style('let [a, b] = c;', 'c'), 'variableName');
  assert.equal(style('n !in list', '!in'), 'operatorKeyword');
  assert.equal(style('no_grad { w.sub_(1); }', 'no_grad'), 'controlKeyword');
  assert.equal(style('let match = 1', 'match'), 'invalid');
  assert.equal(style('switch x { 1 | 2 => (), _ => 3 }', '=>'), 'operator');
});

test('commands of a notebook are at its beginning only', () => {
  for (const text of ['?nn::conv1d', '!ls -l "a', 'apropos reverse complement', ':vars']) {
    assert.deepEqual(styles(text), [[text, 'meta']]);
  }
  assert.equal(style('\n:time f(2)', ':time'), 'meta');
  assert.equal(style('\n:time f(2)', 'f'), 'variableName.function');
  assert.equal(style('!is_empty(x)', '!'), 'operator');
  assert.equal(style('!x.is_empty()', '!'), 'operator');
  assert.equal(style('apropos("a")', 'apropos'), 'variableName.standard');
  assert.equal(style('let x = 1;\n?.b', '?.'), 'derefOperator');
});

test('brackets without a partner are no errors of the parser', () => {
  for (const text of [')', '}', '(]', '`${', "'", '#', '$', '"', '|', '\\', '/*']) read(`${text}\n${text}`);
});

test('one level of indentation for an open bracket', () => {
  const context = { unit: 4 };
  const after = (text, next = '') => rhai.indent(read(text).states.at(-1), next, context);
  assert.equal(after('fn f() {'), 4);
  assert.equal(after('fn f() {', '}'), 0);
  assert.equal(after('    g(#{'), 8);
  assert.equal(after('f([\n    1,', ']'), 0);
  assert.equal(after('let x = 1;'), 0);
  assert.equal(after('let x = y', '.sum();'), 4);
  assert.equal(after('let x = [', '-1,'), 4);
  assert.equal(after('/* a'), null);
});

const files = process.argv.slice(2);
test(`${files.length} scripts`, { skip: files.length === 0 }, () => {
  let lines = 0;
  const others = [];
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const { tokens, states } = read(text);
    assert.deepEqual(tokens.filter(([, , , kind]) => kind === 'invalid'), [], file);
    assert.deepEqual(states.at(-1).frames, [], file);
    text.split('\n').forEach((line, number) => {
      const level = rhai.indent(states[number], line.trim(), { unit: 4 });
      if (line.trim() === '' || level === null) return;
      lines += 1;
      if (line.search(/\S/) !== level) others.push(`${file}:${number + 1}: ${level}: ${line}`);
    });
  }
  // expressions that continue after an operator are at a level that only the layout knows
  console.log(`indentation: ${others.length} of ${lines} lines differ from cistron fmt`);
  assert.ok(others.length < lines / 500, others.join('\n'));
});
