// Reads text with the parser as CodeMirror does, without CodeMirror.
//
//   node tests/tokens.mjs FILE…    prints the tokens of files: one JSON array a file, of
//                                  [line, column, text, style]
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rhai } from '../src/language.js';

// the parts of CodeMirror's StringStream that the parser uses
class StringStream {
  pos = 0;
  start = 0;
  constructor(string) {
    this.string = string;
  }
  eol = () => this.pos >= this.string.length;
  sol = () => this.pos === 0;
  peek = () => this.string.charAt(this.pos) || undefined;
  next = () => (this.eol() ? undefined : this.string.charAt(this.pos++));
  eat = letter => (this.peek() === letter ? this.next() : undefined);
  skipToEnd = () => {
    this.pos = this.string.length;
  };
  eatSpace = () => {
    const before = this.pos;
    while (/\s/.test(this.peek() ?? '')) this.pos += 1;
    return this.pos > before;
  };
  current = () => this.string.slice(this.start, this.pos);
  indentation = () => this.string.match(/^\s*/)[0].replaceAll('\t', '    ').length;
  match(pattern, consume = true) {
    if (typeof pattern === 'string') {
      if (!this.string.startsWith(pattern, this.pos)) return null;
      if (consume) this.pos += pattern.length;
      return true;
    }
    const found = this.string.slice(this.pos).match(pattern);
    if (found && found.index > 0) return null;
    if (found && consume) this.pos += found[0].length;
    return found;
  }
}

// the tokens of a text, and the states at the beginning of its lines and after it
export function read(text) {
  let state = rhai.startState();
  const tokens = [];
  const states = [];
  text.split('\n').forEach((string, line) => {
    states.push(rhai.copyState(state));
    const stream = new StringStream(string);
    while (!stream.eol()) {
      stream.start = stream.pos;
      const style = rhai.token(stream, state);
      if (stream.pos === stream.start) throw new Error(`${line + 1}: no progress at ${stream.pos}`);
      if (style) tokens.push([line + 1, stream.start + 1, stream.current(), style]);
    }
  });
  states.push(state);
  return { tokens, states };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const file of process.argv.slice(2)) {
    console.log(JSON.stringify(read(readFileSync(file, 'utf8')).tokens));
  }
}
