// Rhai 1.27 with the additions of cistron, as a parser for CodeMirror's `StreamLanguage`.

// functions that need no namespace
const BUILTINS = new Set(
  `print debug type_of is_shared is_def_var is_def_fn Fn apropos assert assert_eq assert_near
  display format help param pretty range report save_text seconds`.split(/\s+/),
);

const NAMESPACES = new Set(
  `augment cluster contacts data explain expression files genome graph init intervals label loss
  metric motif motifs network nn optim plot protein rule schedule search seq sim stats table tensor
  tokenizer track train trees weights`.split(/\s+/),
);

const KEYWORDS = new Map();
const keywords = (style, words) => words.split(' ').forEach(word => KEYWORDS.set(word, style));
keywords('definitionKeyword', 'let const fn');
keywords('modifier', 'private');
keywords(
  'controlKeyword',
  'if else switch for while loop do until break continue try catch throw return no_grad',
);
keywords('moduleKeyword', 'import export as');
keywords('operatorKeyword', 'in');
keywords('self', 'this global');
keywords('bool', 'true false');

const RESERVED = new Set(
  `var static shared goto exit match case public protected new use with is module package super void
  null nil default spawn thread go sync async await yield`.split(/\s+/),
);

const CLOSERS = { '(': ')', '[': ']', '{': '}', '#{': '}', '${': '}' };
const ESCAPE = /^\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8}|[^xuU])/;
const CHARACTER = /^'(?:''|\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8}|[^xuU])|[^'\\])'/u;
// a point belongs to a number before a digit, and before what is neither a point nor a name
const NUMBER =
  /^(?:0[xX][\dA-Fa-f_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*(\.\d[\d_]*(?:[eE][+-]?\d[\d_]*)?|[eE][+-]?\d[\d_]*|\.(?![.\w]))?)/;
const PARAMETERS = /^\|\s*(?:[A-Za-z_]\w*\s*(?:,\s*[A-Za-z_]\w*\s*)*,?\s*)?\|(?!\|)/;
const OPERATOR =
  /^(?:\*\*=|<<=|>>=|\|>|\?\?|\.\.=?|=>|&&|\|\||\*\*|<<|>>|[-+*/%&|^=!<>]=|[-+*/%@&|^<>=!~])/;
const CONTINUATION = /^(?:\??\.(?!\.)|(?:[-+*/%@]|\|>|\?\?|&&|\|\|) )/;

const top = state => state.frames[state.frames.length - 1];
const open = (state, frame) => state.frames.push(frame);
const close = state => state.frames.pop();

// an operand ends here: a following `|` is an operator, and a following `()` a call
function operand(state, style) {
  state.isOperand = true;
  state.accessor = null;
  return style;
}

function other(state, style) {
  state.isOperand = false;
  state.accessor = null;
  return style;
}

function inComment(stream, state, frame) {
  while (!stream.eol()) {
    if (stream.match('*/')) {
      frame = { ...frame, depth: frame.depth - 1 };
      state.frames[state.frames.length - 1] = frame;
      if (frame.depth === 0) {
        close(state);
        break;
      }
    } else if (stream.match('/*')) {
      frame = { ...frame, depth: frame.depth + 1 };
      state.frames[state.frames.length - 1] = frame;
    } else stream.next();
  }
  return frame.isDocumentation ? 'docComment' : 'blockComment';
}

function inString(stream, state) {
  // a backslash at the end of a line continues the string on the next one
  if (stream.match(/^\\$/)) return 'string.special';
  const isEscape = stream.match('""') || stream.match(ESCAPE);
  const isEnd = !isEscape && stream.eat('"');
  if (!isEscape && !isEnd && !stream.match(/^[^"\\]+/)) stream.next();
  if (isEnd || stream.eol()) {
    close(state);
    operand(state);
  }
  return isEscape ? 'string.special' : 'string';
}

function inRawString(stream, state, end) {
  const at = stream.string.indexOf(end, stream.pos);
  if (at < 0) {
    stream.skipToEnd();
    return 'string';
  }
  stream.pos = at + end.length;
  close(state);
  return operand(state, 'string');
}

function inTemplate(stream, state) {
  if (stream.match('``') || stream.match(/^\\\$(?=\{)/)) return 'string.special';
  if (stream.eat('`')) {
    close(state);
    return operand(state, 'string');
  }
  if (stream.match('${')) {
    open(state, { kind: '${', indent: stream.indentation() });
    return other(state, 'brace.special');
  }
  if (!stream.match(/^[^`$\\]+/)) stream.next();
  return 'string';
}

function word(stream, state) {
  const name = stream.match(/^[A-Za-z_]\w*/)[0];
  const isMember = state.accessor !== null;
  const isCall = stream.match(/^\s*!?\(/, false);
  const follows = pattern => stream.match(pattern, false);
  const expected = state.expected;
  if (state.inParameters) return operand(state, 'variableName.definition');
  if (expected === 'fn') {
    if (follows(/^\./)) return operand(state, 'typeName');
    state.expected = 'parameters';
    return other(state, 'variableName.function.definition');
  }
  if (expected === 'alias') {
    state.expected = null;
    return operand(state, 'namespace.definition');
  }
  const frame = top(state);
  if (!isMember && frame?.kind === '#{' && !state.isOperand && follows(/^\s*:(?!:)/)) {
    return operand(state, 'propertyName.definition');
  }
  if (follows(/^\s*::/) && !(KEYWORDS.has(name) && name !== 'global')) {
    if (name === 'global') return operand(state, 'self');
    const isKnown = !isMember && NAMESPACES.has(name);
    return operand(state, isKnown ? 'variableName.standard' : 'namespace');
  }
  if (!isMember && KEYWORDS.has(name)) {
    const style = KEYWORDS.get(name);
    if (['let', 'const', 'for', 'catch'].includes(name)) state.expected = 'names';
    else if (name === 'fn') state.expected = 'fn';
    else if (name === 'as') state.expected = 'alias';
    else state.expected = null;
    return style === 'self' || style === 'bool' ? operand(state, style) : other(state, style);
  }
  if (!isMember && RESERVED.has(name) && !follows(/^\s*[:.(]/)) return operand(state, 'invalid');
  const isPath = state.accessor === '::';
  if (isMember && !isPath) {
    return operand(state, isCall ? 'propertyName.function' : 'propertyName');
  }
  if (isCall) {
    const isBuiltin = !isMember && BUILTINS.has(name);
    return operand(state, isBuiltin ? 'variableName.standard' : 'variableName.function');
  }
  if (expected === 'names') return operand(state, 'variableName.definition');
  if (/^[A-Z][A-Z0-9_]+$/.test(name)) return operand(state, 'variableName.constant');
  return operand(state, 'variableName');
}

function bracket(stream, state, opening) {
  const style = { '(': 'paren', '[': 'squareBracket' }[opening] ?? 'brace';
  if (opening === '{') state.expected = null;
  if (opening === '(' && state.expected === 'parameters') {
    state.inParameters = true;
    state.expected = null;
  }
  open(state, { kind: opening, indent: stream.indentation() });
  return other(state, style);
}

// the commands of a notebook, which are whole inputs: `?name`, `:vars`, `!ls`, `apropos words`
function command(stream) {
  if (stream.match(/^\?(?![?.[])/) || stream.match(/^apropos\s+(?!\()/)) {
    stream.skipToEnd();
    return true;
  }
  if (stream.match(/^![A-Za-z][\w.\/-]*(?=\s|$)/)) {
    stream.skipToEnd();
    return true;
  }
  return Boolean(stream.match(/^:[a-z]+/));
}

function code(stream, state) {
  if (stream.eatSpace()) return null;
  if (state.isFirst) {
    state.isFirst = false;
    if (stream.sol() && stream.match('#!')) {
      stream.skipToEnd();
      return 'meta';
    }
    if (command(stream)) return 'meta';
  }
  if (stream.match(/^(?:\/\/\/(?!\/)|\/\/!)/)) {
    stream.skipToEnd();
    return 'docComment';
  }
  if (stream.match('//')) {
    stream.skipToEnd();
    return 'lineComment';
  }
  if (stream.match('/**/')) return 'blockComment';
  const comment = stream.match(/^\/\*(\*(?!\*))?/);
  if (comment) {
    open(state, { kind: '/*', depth: 1, isDocumentation: Boolean(comment[1]) });
    return inComment(stream, state, top(state));
  }
  if (state.expected === 'fn' && stream.match(/^"[^"]*"(?=\.)/)) return operand(state, 'typeName');
  const raw = stream.match(/^(#+)"/);
  if (raw) {
    open(state, { kind: '#"', end: `"${raw[1]}` });
    return 'string';
  }
  if (stream.match(/^"[^"\\]*"(?!")/)) return operand(state, 'string');
  if (stream.eat('"')) {
    // a string that is not closed ends with its line
    if (!stream.eol()) open(state, { kind: '"' });
    return 'string';
  }
  if (stream.eat('`')) {
    open(state, { kind: '`' });
    return 'string';
  }
  if (stream.match(CHARACTER)) return operand(state, 'character');
  const number = stream.match(NUMBER);
  if (number) return operand(state, number[1] ? 'float' : 'integer');
  if (stream.match(/^[A-Za-z_]/, false)) return word(stream, state);
  if (stream.match(/^!in\b/)) return other(state, 'operatorKeyword');
  if (stream.match('::')) {
    state.isOperand = false;
    state.accessor = '::';
    return 'punctuation';
  }
  if (stream.match(/^\??\.(?!\.)/)) {
    state.isOperand = false;
    state.accessor = '.';
    return 'derefOperator';
  }
  if (stream.match('#{')) return bracket(stream, state, '#{');
  if (!state.isOperand && state.expected !== 'parameters' && stream.match('()')) {
    return operand(state, 'atom');
  }
  if (stream.match('?[')) return bracket(stream, state, '[');
  const next = stream.peek();
  if ('([{'.includes(next)) {
    stream.next();
    return bracket(stream, state, next);
  }
  if (')]}'.includes(next)) {
    stream.next();
    state.inParameters = false;
    const kind = top(state)?.kind;
    // a bracket without its partner is left to the program to report
    if (CLOSERS[kind] !== next) return operand(state, 'punctuation');
    close(state);
    if (kind === '${') return other(state, 'brace.special');
    const style = { ')': 'paren', ']': 'squareBracket', '}': 'brace' }[next];
    // after a block an operand begins, after a map an operator
    return kind === '{' ? other(state, style) : operand(state, style);
  }
  if (next === '|') {
    if (state.inParameters) {
      stream.next();
      state.inParameters = false;
      return other(state, 'punctuation');
    }
    if (!state.isOperand) {
      if (stream.match('||')) return other(state, 'punctuation');
      if (stream.match(PARAMETERS, false)) {
        stream.next();
        state.inParameters = true;
        return other(state, 'punctuation');
      }
    }
  }
  if (stream.match(/^[,;:]/)) {
    if (stream.current() === ';') state.expected = null;
    return other(state, 'separator');
  }
  if (state.isOperand && stream.match(/^!(?=\()/)) return 'operator';
  if (stream.match(OPERATOR)) {
    if (stream.current() === '=') state.expected = null;
    return other(state, 'operator');
  }
  stream.next();
  return other(state, 'invalid');
}

function token(stream, state) {
  const frame = top(state);
  switch (frame?.kind) {
    case '/*':
      return inComment(stream, state, frame);
    case '"':
      return inString(stream, state);
    case '#"':
      return inRawString(stream, state, frame.end);
    case '`':
      return inTemplate(stream, state);
    default:
      return code(stream, state);
  }
}

// one level for the innermost open bracket, one more for a line that continues an expression, as
// `cistron fmt` lays scripts out
function indent(state, textAfter, context) {
  const frame = top(state);
  const continued = CONTINUATION.test(textAfter) ? context.unit : 0;
  if (!frame) return continued;
  if (!(frame.kind in CLOSERS)) return null;
  if (textAfter.startsWith(CLOSERS[frame.kind])) return frame.indent;
  return frame.indent + context.unit + continued;
}

export const rhai = {
  name: 'rhai',
  startState: () => ({
    // brackets, strings and comments that are open
    frames: [],
    // nothing but white space was read
    isFirst: true,
    isOperand: false,
    // the point or `::` before a name
    accessor: null,
    inParameters: false,
    // what the next name declares: a function (`fn`), a module (`alias`), variables (`names`)
    expected: null,
  }),
  copyState: state => ({ ...state, frames: [...state.frames] }),
  token,
  indent,
  languageData: {
    commentTokens: { line: '//', block: { open: '/*', close: '*/' } },
    closeBrackets: { brackets: ['(', '[', '{', '"', '`'] },
    indentOnInput: /^\s*(?:[)\]}]|\??\.\w|[-+*/%@] )$/,
  },
};
