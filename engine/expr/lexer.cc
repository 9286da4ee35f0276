#include "expr/lexer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/utf8.h"

namespace millrace::expr {
namespace {

constexpr std::array<std::string_view, 14> kKeywords = {"and",  "or",      "not",  "in",   "is",
                                                        "null", "between", "case", "when", "then",
                                                        "else", "end",     "true", "false"};
constexpr std::array<std::string_view, 17> kOperators = {
    "||", "!=", "<>", "<=", ">=", "==", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ","};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

class Lexer {
 public:
  explicit Lexer(const std::string& text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    for (;;) {
      while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr) ++at_;
      Token token;
      token.begin = at_;
      if (at_ < text_.size()) ARROW_RETURN_NOT_OK(Read(&token));
      token.end = at_;
      tokens.push_back(token);
      if (token.kind == TokenKind::kEnd) return tokens;
    }
  }

 private:
  Status Read(Token* token) {
    const char c = text_[at_];
    if (c == '\'') return ReadQuoted('\'', TokenKind::kText, token);
    if (c == '`') {
      token->quoted = true;
      return ReadQuoted('`', TokenKind::kName, token);
    }
    if (c == '"') {
      return Problem(at_, at_ + 1, "unexpected `\"`",
                     "texts stand in 'single quotes', odd column names in `backticks`");
    }
    if (IsDigit(c)) return ReadNumber(token);
    if (IsNameStart(c)) {
      ReadName(token);
      return Status::OK();
    }
    for (std::string_view op : kOperators) {
      if (text_.compare(at_, op.size(), op) == 0) {
        token->kind = TokenKind::kOperator;
        token->text = op == "==" ? "=" : op == "<>" ? "!=" : std::string(op);
        at_ += op.size();
        return Status::OK();
      }
    }
    return Problem(at_, at_ + 1, std::string("unexpected `") + c + "`", "");
  }

  Status ReadQuoted(char quote, TokenKind kind, Token* token) {
    const size_t begin = at_++;
    token->kind = kind;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != quote) break;
        ++at_;  // doubled: the quote itself
      }
      token->text += text_[at_];
    }
    if (at_ >= text_.size()) {
      return Problem(begin, begin + 1, std::string("`") + quote + "` is never closed", "");
    }
    ++at_;
    return Status::OK();
  }

  Status ReadNumber(Token* token) {
    const size_t begin = at_;
    token->kind = TokenKind::kInteger;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    if (at_ + 1 < text_.size() && text_[at_] == '.' && IsDigit(text_[at_ + 1])) {
      token->kind = TokenKind::kFloat;
      for (++at_; at_ < text_.size() && IsDigit(text_[at_]);) ++at_;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      size_t digits = at_ + 1;
      if (digits < text_.size() && (text_[digits] == '+' || text_[digits] == '-')) ++digits;
      if (digits < text_.size() && IsDigit(text_[digits])) {
        token->kind = TokenKind::kFloat;
        for (at_ = digits; at_ < text_.size() && IsDigit(text_[at_]);) ++at_;
      }
    }
    if (at_ < text_.size() && IsNameStart(text_[at_])) {
      return Problem(begin, at_ + 1, "a number runs into a name",
                     "column names that start with a digit stand in `backticks`");
    }
    token->text = text_.substr(begin, at_ - begin);
    return Status::OK();
  }

  void ReadName(Token* token) {
    const size_t begin = at_;
    while (at_ < text_.size() &&
           (IsNameStart(text_[at_]) || IsDigit(text_[at_]) ||
            (text_[at_] == '.' && at_ + 1 < text_.size() && IsNameStart(text_[at_ + 1])))) {
      ++at_;
    }
    token->text = text_.substr(begin, at_ - begin);
    const std::string lower = Lower(token->text);
    const bool keyword = std::find(kKeywords.begin(), kKeywords.end(), lower) != kKeywords.end();
    token->kind = keyword ? TokenKind::kKeyword : TokenKind::kName;
    if (keyword) token->text = lower;
  }

  Status Problem(size_t begin, size_t end, std::string message, std::string suggestion) const {
    return MakeError(
        {ExpressionProblem(text_, begin, end, std::move(message), std::move(suggestion))});
  }

  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> Tokenise(const std::string& text) { return Lexer(text).Run(); }

Diagnostic ExpressionProblem(const std::string& text, size_t begin, size_t end, std::string message,
                             std::string suggestion) {
  Diagnostic diagnostic;
  diagnostic.code = ErrorCode::kBadExpression;
  diagnostic.message = std::move(message);
  diagnostic.suggestion = std::move(suggestion);
  diagnostic.span.line = 1;
  const std::string_view view(text);
  diagnostic.span.column = 1 + static_cast<int>(CodePoints(view.substr(0, begin)));
  diagnostic.span.length =
      std::max(1, static_cast<int>(CodePoints(view.substr(begin, end - begin))));
  diagnostic.source_line = text;
  return diagnostic;
}

}  // namespace millrace::expr
