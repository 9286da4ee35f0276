// The words of an expression, each with its place.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::expr {

enum class TokenKind {
  kEnd,
  kName,     // bare, dotted or in backticks: `quoted` tells the last
  kKeyword,  // and or not in is null between case when then else end true false; lower case
  kInteger,
  kFloat,
  kText,      // 'it''s', unescaped
  kOperator,  // + - * / % || = != < <= > >= ( ) ,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  bool quoted = false;
  size_t begin = 0, end = 0;  // bytes of the expression
};

/// The last token is kEnd.
Result<std::vector<Token>> Tokenise(const std::string& text);

/// BadExpression about the bytes [begin, end) of `text`.
Diagnostic ExpressionProblem(const std::string& text, size_t begin, size_t end, std::string message,
                             std::string suggestion = "");

}  // namespace millrace::expr
