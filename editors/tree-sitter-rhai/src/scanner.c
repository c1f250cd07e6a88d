// Tokens that a regular expression cannot match: nested block comments, raw strings, the text of
// strings in back quotes, and numbers, whose point depends on the letter after it.

#include "tree_sitter/parser.h"

enum Token {
  BLOCK_COMMENT,
  BLOCK_DOC_COMMENT,
  RAW_STRING,
  TEMPLATE_CHARS,
  INTEGER,
  FLOAT,
  NOT_IN,
  ERROR_SENTINEL,
};

void *tree_sitter_rhai_external_scanner_create(void) { return 0; }
void tree_sitter_rhai_external_scanner_destroy(void *payload) { (void)payload; }
unsigned tree_sitter_rhai_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}
void tree_sitter_rhai_external_scanner_deserialize(void *payload, const char *buffer, unsigned n) {
  (void)payload;
  (void)buffer;
  (void)n;
}

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

static bool starts_name(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_hex(int32_t c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_space(int32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void digits(TSLexer *lexer) {
  while (is_digit(lexer->lookahead) || lexer->lookahead == '_') advance(lexer);
}

// A number. A point belongs to it before a digit, and before a sign other than a point: `1.` is a
// float, `1..2` a range, `1.max(2)` a call.
static bool number(TSLexer *lexer) {
  bool is_zero = lexer->lookahead == '0';
  lexer->result_symbol = INTEGER;
  advance(lexer);
  if (is_zero) {
    switch (lexer->lookahead) {
      case 'x': case 'X': case 'o': case 'O': case 'b': case 'B':
        advance(lexer);
        while (is_hex(lexer->lookahead) || lexer->lookahead == '_') advance(lexer);
        lexer->mark_end(lexer);
        return true;
      default:
        break;
    }
  }
  digits(lexer);
  lexer->mark_end(lexer);
  if (lexer->lookahead == '.') {
    advance(lexer);
    if (is_digit(lexer->lookahead)) {
      digits(lexer);
    } else if (lexer->lookahead == '.' || starts_name(lexer->lookahead)) {
      return true;
    } else {
      lexer->mark_end(lexer);
      lexer->result_symbol = FLOAT;
      return true;
    }
    lexer->mark_end(lexer);
    lexer->result_symbol = FLOAT;
  }
  if (lexer->lookahead == 'e' || lexer->lookahead == 'E') {
    advance(lexer);
    if (lexer->lookahead == '+' || lexer->lookahead == '-') advance(lexer);
    if (!is_digit(lexer->lookahead)) return true;
    digits(lexer);
    lexer->mark_end(lexer);
    lexer->result_symbol = FLOAT;
  }
  return true;
}

// A comment in `/*` and `*/`, which may contain others. `/**` begins documentation, `/***` and
// `/**/` do not.
static bool block_comment(TSLexer *lexer) {
  advance(lexer);
  if (lexer->lookahead != '*') return false;
  advance(lexer);
  bool is_doc = false;
  unsigned depth = 1;
  if (lexer->lookahead == '*') {
    advance(lexer);
    if (lexer->lookahead == '/') {
      advance(lexer);
      depth = 0;
    } else {
      is_doc = lexer->lookahead != '*';
    }
  }
  while (depth > 0) {
    if (lexer->eof(lexer)) return false;
    if (lexer->lookahead == '/') {
      advance(lexer);
      if (lexer->lookahead == '*') {
        advance(lexer);
        depth++;
      }
    } else if (lexer->lookahead == '*') {
      advance(lexer);
      if (lexer->lookahead == '/') {
        advance(lexer);
        depth--;
      }
    } else {
      advance(lexer);
    }
  }
  lexer->mark_end(lexer);
  lexer->result_symbol = is_doc ? BLOCK_DOC_COMMENT : BLOCK_COMMENT;
  return true;
}

// A string in `#"` and `"#`, with any number of `#`.
static bool raw_string(TSLexer *lexer) {
  unsigned hashes = 0;
  while (lexer->lookahead == '#') {
    advance(lexer);
    hashes++;
  }
  if (lexer->lookahead != '"') return false;
  advance(lexer);
  for (;;) {
    if (lexer->eof(lexer)) return false;
    if (lexer->lookahead != '"') {
      advance(lexer);
      continue;
    }
    advance(lexer);
    unsigned seen = 0;
    while (seen < hashes && lexer->lookahead == '#') {
      advance(lexer);
      seen++;
    }
    if (seen == hashes) {
      lexer->mark_end(lexer);
      lexer->result_symbol = RAW_STRING;
      return true;
    }
  }
}

// `!in`, where no longer name follows: `!inside` negates a variable.
static bool not_in(TSLexer *lexer) {
  advance(lexer);
  for (const char *letter = "in"; *letter; letter++) {
    if (lexer->lookahead != *letter) return false;
    advance(lexer);
  }
  if (starts_name(lexer->lookahead) || is_digit(lexer->lookahead)) return false;
  lexer->mark_end(lexer);
  lexer->result_symbol = NOT_IN;
  return true;
}

// The text of a string in back quotes, up to `${`, `\${` or a back quote.
static bool template_chars(TSLexer *lexer) {
  lexer->result_symbol = TEMPLATE_CHARS;
  for (bool has_text = false;; has_text = true) {
    lexer->mark_end(lexer);
    if (lexer->eof(lexer)) return false;
    switch (lexer->lookahead) {
      case '`':
        return has_text;
      case '$':
        advance(lexer);
        if (lexer->lookahead == '{') return has_text;
        break;
      case '\\':
        advance(lexer);
        if (lexer->lookahead == '$') {
          advance(lexer);
          if (lexer->lookahead == '{') return has_text;
        }
        break;
      default:
        advance(lexer);
    }
  }
}

bool tree_sitter_rhai_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  if (valid[ERROR_SENTINEL]) return false;
  if (valid[TEMPLATE_CHARS]) return template_chars(lexer);
  while (is_space(lexer->lookahead)) lexer->advance(lexer, true);
  if (lexer->lookahead == '/') return block_comment(lexer);
  if (valid[NOT_IN] && lexer->lookahead == '!') return not_in(lexer);
  if (valid[RAW_STRING] && lexer->lookahead == '#') return raw_string(lexer);
  if (valid[INTEGER] && is_digit(lexer->lookahead)) return number(lexer);
  return false;
}
