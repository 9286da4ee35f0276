// An expression as a test made it, with the type it must have, and its text.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "expr/testing/big.h"
#include "expr/types.h"

namespace millrace::expr::testing {

/// One value: nothing in it is null, an error (`rule`), or the value of its kind.
struct Value {
  Kind kind = Kind::kNull;
  std::string rule;
  bool boolean = false;
  int64_t integer = 0;  // also days and ticks
  double real = 0;
  std::string text;
  Big decimal;  // without its point
  int scale = 0;
  int64_t per_second = 1;  // ticks of times and timestamps

  bool failed() const { return !rule.empty(); }
  bool null() const { return !failed() && kind == Kind::kNull; }
};

inline Value Null() { return {}; }
inline Value Failure(std::string rule) {
  Value value;
  value.rule = std::move(rule);
  return value;
}

struct Sample {
  std::string op;  // "literal", "column", an operator or a function
  Type type;
  Value literal;
  std::string written;  // of literals and columns
  std::vector<Sample> arguments;
};

/// The text of an expression, with only the parentheses it needs and, at random, some more.
class Writer {
 public:
  explicit Writer(std::mt19937_64* random) : random_(*random) {}

  std::string Write(const Sample& sample, int level_min = 1) {
    const auto [text, level] = Bare(sample);
    return level < level_min || random_() % 16 == 0 ? "(" + text + ")" : text;
  }

 private:
  // How tightly the parts of an expression hold together, loosest first.
  enum Level {
    kAny = 1,
    kOr = 1,
    kAnd,
    kNot,
    kComparison,
    kConcat,
    kSum,
    kProduct,
    kMinus,
    kTight
  };
  struct Bared {
    std::string text;
    int level;
  };

  std::string List(const Sample& sample, size_t first) {
    std::string text;
    for (size_t i = first; i < sample.arguments.size(); ++i) {
      text += (i > first ? ", " : "") + Write(sample.arguments[i], kAny);
    }
    return text;
  }

  std::string Asked(const Sample& sample, const std::string& no) {
    const std::string left = Write(sample.arguments[0], kComparison);
    if (sample.op == "is null") return left + " is " + no + "null";
    if (sample.op == "in") return left + " " + no + "in (" + List(sample, 1) + ")";
    return left + " " + no + "between " + Write(sample.arguments[1], kConcat) + " and " +
           Write(sample.arguments[2], kConcat);
  }

  static bool IsAsked(const std::string& op) {
    return op == "is null" || op == "in" || op == "between";
  }

  Bared Bare(const Sample& sample) {
    const std::string& op = sample.op;
    if (op == "literal" || op == "column") {
      return {sample.written, sample.written[0] == '-' ? kMinus : kTight};
    }
    const auto binary = [&](int level) {
      return Bared{Write(sample.arguments[0], level) + " " + op + " " +
                       Write(sample.arguments[1], level + 1),
                   level};
    };
    if (op == "or") return binary(kOr);
    if (op == "and") return binary(kAnd);
    if (IsAsked(op)) return {Asked(sample, ""), kComparison};
    if (op == "not") {
      const Sample& asked = sample.arguments[0];
      if (IsAsked(asked.op) && random_() % 2 == 0) return {Asked(asked, "not "), kComparison};
      return {"not " + Write(asked, kNot), kNot};
    }
    if (op.find_first_of("=<>") != std::string::npos) return binary(kComparison);
    if (op == "like" || op == "ilike") {
      return {Write(sample.arguments[0], kComparison) + " " + op + " " +
                  Write(sample.arguments[1], kTight),
              kComparison};
    }
    if (op == "||") return binary(kConcat);
    if (op == "+" || op == "-") return binary(kSum);
    if (op == "*" || op == "/" || op == "%") return binary(kProduct);
    if (op == "negate") return {"-" + Write(sample.arguments[0], kMinus), kMinus};
    if (op == "case") return {Case(sample), kTight};
    return {op + "(" + List(sample, 0) + ")", kTight};
  }

  std::string Case(const Sample& sample) {
    std::string text = "case";
    size_t i = 0;
    for (; i + 1 < sample.arguments.size(); i += 2) {
      text += " when " + Write(sample.arguments[i]) + " then " + Write(sample.arguments[i + 1]);
    }
    return text + " else " + Write(sample.arguments[i]) + " end";
  }

  std::mt19937_64& random_;
};

}  // namespace millrace::expr::testing
