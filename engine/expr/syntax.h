// The tree of an expression as it was written; types come later, with a schema.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "expr/types.h"

namespace millrace::expr {

enum class NodeKind { kLiteral, kColumn, kCall };

struct Literal {
  Kind kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;
  double real = 0;
  std::string text;  // of texts, and of numbers as they were written
};

/// Operators are calls too: "+", "and", "is null", "in", "case" (condition, value, ..., else).
struct Node {
  NodeKind kind = NodeKind::kLiteral;
  Literal literal;
  std::string name;     // of the column or function
  bool quoted = false;  // of a column: in backticks, one whole name
  std::vector<std::unique_ptr<Node>> arguments;
  size_t begin = 0, end = 0;  // bytes of the expression
};

Result<std::unique_ptr<Node>> ParseExpression(const std::string& text);

}  // namespace millrace::expr
