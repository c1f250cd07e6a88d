/**
 * Rhai 1.27 with the additions of cistron: the operators `@` and `|>`, blocks `no_grad { … }`, and
 * `let [a, b] = x;`, `for [a, b] in x { … }`, which name the values of an array.
 */

// precedences of src/tokenizer.rs of Rhai; `@` and `|>` as src/lang/engine.rs registers them
const PREC = {
  closure: -1,
  or: 30,
  and: 60,
  equal: 90,
  pipe: 100,
  in: 110,
  compare: 130,
  coalesce: 135,
  range: 140,
  add: 150,
  matmul: 160,
  multiply: 180,
  power: 190,
  shift: 210,
  unary: 220,
  postfix: 230,
};

const OPERATORS = [
  [PREC.or, ['||', '|', '^']],
  [PREC.and, ['&&', '&']],
  [PREC.equal, ['==', '!=']],
  [PREC.pipe, ['|>']],
  [PREC.in, ['in', '!in']],
  [PREC.compare, ['<', '<=', '>', '>=']],
  [PREC.add, ['+', '-']],
  [PREC.matmul, ['@']],
  [PREC.multiply, ['*', '/', '%']],
  [PREC.shift, ['<<', '>>']],
];

const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '**=', '<<=', '>>=', '&=', '|=', '^='];

const commaSeparated = rule => optional(seq(rule, repeat(seq(',', rule)), optional(',')));

module.exports = grammar({
  name: 'rhai',

  extras: $ => [/\s/, $.line_comment, $.doc_comment, $.block_comment, $.block_doc_comment],

  externals: $ => [
    $.block_comment,
    $.block_doc_comment,
    $.raw_string,
    $._template_chars,
    $.integer,
    $.float,
    '!in',
    $._error_sentinel,
  ],

  word: $ => $.identifier,

  inline: $ => [$._name, $._binding],

  rules: {
    source_file: $ => seq(optional($.shebang), optional($._statements)),

    shebang: _ => token(seq('#!', /[^\n]*/)),

    // the last statement of a block needs no semicolon
    _statements: $ => choice(
      seq(repeat1(choice($._terminated, ';')), optional($._statement)),
      $._statement,
    ),

    _terminated: $ => choice(
      seq($._statement, ';'),
      prec(1, $._block_like),
      $.function_definition,
    ),

    _statement: $ => choice(
      $._expression,
      $.assignment,
      $.let_statement,
      $.import_statement,
      $.export_statement,
      $._jump,
    ),

    _jump: $ => choice($.return_statement, $.throw_statement, $.break_statement, $.continue_statement),

    // what needs no semicolon after it
    _block_like: $ => choice(
      $.block,
      $.if_expression,
      $.switch_expression,
      $.while_expression,
      $.loop_expression,
      $.for_expression,
      $.no_grad_expression,
      $.try_statement,
    ),

    block: $ => seq('{', optional($._statements), '}'),

    function_definition: $ => seq(
      optional('private'),
      'fn',
      optional(seq(field('type', choice($.identifier, $.string)), '.')),
      field('name', $.identifier),
      field('parameters', $.parameters),
      field('body', $.block),
    ),

    parameters: $ => seq('(', commaSeparated($.identifier), ')'),

    let_statement: $ => prec.right(seq(
      field('kind', choice('let', 'const')),
      field('name', $._binding),
      optional(seq('=', field('value', $._expression))),
    )),

    _binding: $ => choice($.identifier, $.array_pattern),

    array_pattern: $ => seq('[', commaSeparated($._binding), ']'),

    import_statement: $ => prec.right(seq(
      'import',
      field('path', $._expression),
      optional(seq('as', field('alias', $.identifier))),
    )),

    export_statement: $ => prec.right(seq('export', choice(
      $.let_statement,
      seq(field('name', $.identifier), optional(seq('as', field('alias', $.identifier)))),
    ))),

    assignment: $ => seq(
      field('left', $._expression),
      field('operator', choice(...ASSIGNMENTS)),
      field('right', $._expression),
    ),

    return_statement: $ => prec.right(seq('return', optional($._expression))),
    throw_statement: $ => prec.right(seq('throw', optional($._expression))),
    break_statement: $ => prec.right(seq('break', optional($._expression))),
    continue_statement: _ => 'continue',

    try_statement: $ => seq(
      'try',
      field('body', $.block),
      'catch',
      optional(seq('(', field('error', $.identifier), ')')),
      field('handler', $.block),
    ),

    _expression: $ => choice(
      $.identifier,
      $.path,
      $.this,
      $.unit,
      $.boolean,
      $.integer,
      $.float,
      $.character,
      $.string,
      $.raw_string,
      $.template_string,
      $.array,
      $.map,
      $.parenthesized_expression,
      $.unary_expression,
      $.binary_expression,
      $.range_expression,
      $.field_expression,
      $.index_expression,
      $.call_expression,
      $.closure,
      $.do_expression,
      $._block_like,
    ),

    this: _ => 'this',
    boolean: _ => choice('true', 'false'),
    unit: _ => seq('(', ')'),
    identifier: _ => /[A-Za-z_][A-Za-z0-9_]*/,

    path: $ => seq(
      field('namespace', $._name),
      '::',
      field('name', $.identifier),
    ),

    _name: $ => choice($.identifier, $.path),

    character: $ => seq(
      "'",
      choice(token.immediate(prec(1, /[^'\\\n]/)), $.escape_sequence),
      token.immediate("'"),
    ),

    string: $ => seq(
      '"',
      repeat(choice($.string_content, $.escape_sequence)),
      token.immediate('"'),
    ),

    string_content: _ => token.immediate(prec(1, /[^"\\\n]+/)),

    escape_sequence: _ => token.immediate(prec(1, choice(
      /\\x[0-9A-Fa-f]{2}/,
      /\\u[0-9A-Fa-f]{4}/,
      /\\U[0-9A-Fa-f]{8}/,
      /\\[^xuU]/,
      /\\\r?\n/,
      '""',
      "''",
    ))),

    template_string: $ => seq(
      '`',
      repeat(choice(
        alias($._template_chars, $.string_content),
        alias($.template_escape, $.escape_sequence),
        $.interpolation,
      )),
      token.immediate('`'),
    ),

    // a back quote written twice, and `\${`, which begins no interpolation
    template_escape: _ => token.immediate(prec(1, choice('``', '\\${'))),

    interpolation: $ => seq(token.immediate('${'), optional($._statements), '}'),

    array: $ => seq('[', commaSeparated($._expression), ']'),

    map: $ => seq('#{', commaSeparated($.pair), '}'),

    pair: $ => seq(
      field('key', choice(alias($.identifier, $.property_identifier), $.string)),
      ':',
      field('value', $._expression),
    ),

    parenthesized_expression: $ => seq('(', $._expression, ')'),

    unary_expression: $ => prec(PREC.unary, seq(
      field('operator', choice('-', '+', '!')),
      field('operand', $._expression),
    )),

    binary_expression: $ => choice(
      ...OPERATORS.map(([precedence, operators]) => prec.left(precedence, seq(
        field('left', $._expression),
        field('operator', choice(...operators)),
        field('right', $._expression),
      ))),
      prec.right(PREC.power, seq(
        field('left', $._expression),
        field('operator', '**'),
        field('right', $._expression),
      )),
      prec.left(PREC.coalesce, seq(
        field('left', $._expression),
        field('operator', '??'),
        field('right', choice($._expression, $._jump)),
      )),
    ),

    // `0..5`, `1..`, `..5`, and `..` for a whole axis
    range_expression: $ => prec.right(PREC.range, choice(
      seq($._expression, choice('..', '..='), $._expression),
      seq($._expression, choice('..', '..=')),
      seq(choice('..', '..='), $._expression),
      choice('..', '..='),
    )),

    field_expression: $ => prec.left(PREC.postfix, seq(
      field('value', $._expression),
      choice('.', '?.'),
      field('field', alias($.identifier, $.property_identifier)),
    )),

    index_expression: $ => prec.left(PREC.postfix, seq(
      field('value', $._expression),
      choice('[', '?['),
      field('index', $._expression),
      ']',
    )),

    // a value in brackets is no function: closures are called by `.call(…)`
    call_expression: $ => prec.left(PREC.postfix, seq(
      field('function', choice($.identifier, $.path, $.field_expression)),
      optional(token.immediate('!')),
      field('arguments', $.arguments),
    )),

    arguments: $ => seq('(', commaSeparated($._expression), ')'),

    closure: $ => prec.right(PREC.closure, seq(
      field('parameters', $.closure_parameters),
      field('body', choice($._expression, $.assignment, $._jump)),
    )),

    closure_parameters: $ => choice('||', seq('|', commaSeparated($.identifier), '|')),

    if_expression: $ => prec.right(seq(
      'if',
      field('condition', $._expression),
      field('consequence', $.block),
      optional(seq('else', field('alternative', choice($.block, $.if_expression)))),
    )),

    switch_expression: $ => seq('switch', field('value', $._expression), field('body', $.switch_body)),

    switch_body: $ => seq(
      '{',
      repeat(choice(
        seq($.switch_case, ','),
        seq(alias($._block_case, $.switch_case), optional(',')),
      )),
      optional($.switch_case),
      '}',
    ),

    switch_case: $ => seq($._case_head, field('body', $._statement)),

    _block_case: $ => prec(1, seq($._case_head, field('body', $._block_like))),

    _case_head: $ => seq(
      choice('_', seq($._pattern, repeat(seq('|', $._pattern)))),
      optional(seq('if', field('guard', $._expression))),
      '=>',
    ),

    _pattern: $ => choice(
      $._constant,
      alias($.range_pattern, $.range_expression),
    ),

    _constant: $ => choice(
      $.boolean,
      $.unit,
      $.integer,
      $.float,
      $.character,
      $.string,
      $.raw_string,
      $.array,
      $.map,
      alias($.negative, $.unary_expression),
      $.parenthesized_expression,
    ),

    negative: $ => seq(field('operator', '-'), field('operand', choice($.integer, $.float))),

    range_pattern: $ => choice(
      seq($._constant, choice('..', '..='), optional($._constant)),
      seq(choice('..', '..='), $._constant),
    ),

    while_expression: $ => seq('while', field('condition', $._expression), field('body', $.block)),

    loop_expression: $ => seq('loop', field('body', $.block)),

    do_expression: $ => prec.right(seq(
      'do',
      field('body', $.block),
      choice('while', 'until'),
      field('condition', $._expression),
    )),

    for_expression: $ => seq(
      'for',
      field('name', choice(
        $._binding,
        seq('(', $.identifier, ',', $.identifier, ')'),
      )),
      'in',
      field('value', $._expression),
      field('body', $.block),
    ),

    no_grad_expression: $ => seq('no_grad', field('body', $.block)),

    // of two comments of one length the first rule counts: `////` is no documentation
    doc_comment: _ => token(choice(
      seq('///', optional(/[^\/\n][^\n]*/)),
      seq('//!', /[^\n]*/),
    )),

    line_comment: _ => token(seq('//', /[^\n]*/)),
  },
});
