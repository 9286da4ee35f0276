#include <charconv>

#include "expr/expression.h"
#include "expr/functions.h"
#include "expr/lexer.h"
#include "expr/syntax.h"

namespace millrace::expr {
namespace {

using NodePtr = std::unique_ptr<Node>;

// Recursive descent, loosest binding first: or, and, not, comparisons, ||, + -, * / %, minus.
class Parser {
 public:
  Parser(const std::string& text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Result<NodePtr> Run() {
    ARROW_ASSIGN_OR_RAISE(auto node, Or());
    if (Next().kind != TokenKind::kEnd) return Unexpected("an operator or the end");
    return node;
  }

 private:
  const Token& Next() const { return tokens_[at_]; }
  bool IsOperator(std::string_view text) const {
    return Next().kind == TokenKind::kOperator && Next().text == text;
  }
  bool IsKeyword(std::string_view text) const {
    return Next().kind == TokenKind::kKeyword && Next().text == text;
  }
  bool TakeOperator(std::string_view text) { return IsOperator(text) && ++at_; }
  bool TakeKeyword(std::string_view text) { return IsKeyword(text) && ++at_; }

  Status Problem(const Token& token, std::string message, std::string suggestion = "") const {
    return MakeError({ExpressionProblem(text_, token.begin, token.end, std::move(message),
                                        std::move(suggestion))});
  }
  Status Unexpected(const std::string& wanted) const {
    const Token& token = Next();
    if (token.kind == TokenKind::kEnd) {
      return Problem(token, "the expression ends where " + wanted + " should follow");
    }
    return Problem(token, "unexpected `" + text_.substr(token.begin, token.end - token.begin) +
                              "`; " + wanted + " should stand here");
  }
  Status ExpectOperator(std::string_view text) {
    return TakeOperator(text) ? Status::OK() : Unexpected("`" + std::string(text) + "`");
  }
  Status ExpectKeyword(std::string_view text) {
    return TakeKeyword(text) ? Status::OK() : Unexpected("`" + std::string(text) + "`");
  }

  NodePtr Call(std::string name, size_t begin) const {
    auto node = std::make_unique<Node>();
    node->kind = NodeKind::kCall;
    node->name = std::move(name);
    node->begin = begin;
    node->end = at_ > 0 ? tokens_[at_ - 1].end : begin;
    return node;
  }
  template <class... Arguments>
  NodePtr Call(std::string name, NodePtr first, Arguments... rest) const {
    NodePtr node = Call(std::move(name), first->begin);
    node->arguments.push_back(std::move(first));
    (node->arguments.push_back(std::move(rest)), ...);
    return node;
  }

  Result<NodePtr> Or() {
    ARROW_ASSIGN_OR_RAISE(auto left, And());
    while (TakeKeyword("or")) {
      ARROW_ASSIGN_OR_RAISE(auto right, And());
      left = Call("or", std::move(left), std::move(right));
    }
    return left;
  }

  Result<NodePtr> And() {
    ARROW_ASSIGN_OR_RAISE(auto left, Not());
    while (TakeKeyword("and")) {
      ARROW_ASSIGN_OR_RAISE(auto right, Not());
      left = Call("and", std::move(left), std::move(right));
    }
    return left;
  }

  Result<NodePtr> Not() {
    const size_t begin = Next().begin;
    if (!TakeKeyword("not")) return Comparison();
    ARROW_RETURN_NOT_OK(Enter());
    ARROW_ASSIGN_OR_RAISE(auto inner, Not());
    --depth_;
    NodePtr node = Call("not", std::move(inner));
    node->begin = begin;
    return node;
  }

  Result<NodePtr> Comparison() {
    ARROW_ASSIGN_OR_RAISE(auto left, Concat());
    for (;;) {
      if (TakeKeyword("is")) {
        const bool negated = TakeKeyword("not");
        ARROW_RETURN_NOT_OK(ExpectKeyword("null"));
        left = Call("is null", std::move(left));
        if (negated) left = Call("not", std::move(left));
        continue;
      }
      const bool negated = IsKeyword("not");
      if (negated) ++at_;
      if (TakeKeyword("between")) {
        ARROW_ASSIGN_OR_RAISE(auto low, Concat());
        ARROW_RETURN_NOT_OK(ExpectKeyword("and"));
        ARROW_ASSIGN_OR_RAISE(auto high, Concat());
        left = Call("between", std::move(left), std::move(low), std::move(high));
      } else if (TakeKeyword("in")) {
        ARROW_ASSIGN_OR_RAISE(left, InList(std::move(left)));
      } else if (const std::string like = TakeLike(); !like.empty()) {
        ARROW_ASSIGN_OR_RAISE(auto pattern, Concat());
        left = Call(like, std::move(left), std::move(pattern));
      } else if (negated) {
        return Unexpected("`in`, `between` or `like`");
      } else {
        const Token& token = Next();
        bool comparison = false;
        for (std::string_view op : {"=", "!=", "<", "<=", ">", ">="}) comparison |= IsOperator(op);
        if (!comparison) return left;
        const std::string op = token.text;
        ++at_;
        ARROW_ASSIGN_OR_RAISE(auto right, Concat());
        left = Call(op, std::move(left), std::move(right));
        continue;
      }
      if (negated) left = Call("not", std::move(left));
    }
  }

  // "like" or "ilike", which are names elsewhere; "" for neither.
  std::string TakeLike() {
    const Token& token = Next();
    if (token.kind != TokenKind::kName || token.quoted) return "";
    std::string word = token.text;
    for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (word != "like" && word != "ilike") return "";
    ++at_;
    return word;
  }

  Result<NodePtr> InList(NodePtr left) {
    ARROW_RETURN_NOT_OK(ExpectOperator("("));
    NodePtr node = Call("in", std::move(left));
    ARROW_RETURN_NOT_OK(Arguments(node.get(), 1));
    return node;
  }

  // Up to the closing parenthesis, which is taken.
  Status Arguments(Node* node, size_t count_min) {
    const Token open = tokens_[at_ - 1];
    if (count_min > 0 || !IsOperator(")")) {
      do {
        ARROW_ASSIGN_OR_RAISE(auto argument, Or());
        node->arguments.push_back(std::move(argument));
        if (node->arguments.size() > kListLengthMax) {
          return Problem(open, "more than " + std::to_string(kListLengthMax) + " elements");
        }
      } while (TakeOperator(","));
    }
    ARROW_RETURN_NOT_OK(ExpectOperator(")"));
    node->end = tokens_[at_ - 1].end;
    return Status::OK();
  }

  Result<NodePtr> Binary(std::initializer_list<std::string_view> operators,
                         Result<NodePtr> (Parser::*tighter)()) {
    ARROW_ASSIGN_OR_RAISE(auto left, (this->*tighter)());
    for (;;) {
      std::string found;
      for (std::string_view op : operators) {
        if (found.empty() && TakeOperator(op)) found = op;
      }
      if (found.empty()) return left;
      ARROW_ASSIGN_OR_RAISE(auto right, (this->*tighter)());
      left = Call(found == "||" ? "concat" : found, std::move(left), std::move(right));
    }
  }
  Result<NodePtr> Concat() { return Binary({"||"}, &Parser::Sum); }
  Result<NodePtr> Sum() { return Binary({"+", "-"}, &Parser::Product); }
  Result<NodePtr> Product() { return Binary({"*", "/", "%"}, &Parser::Negation); }

  Result<NodePtr> Negation() {
    const size_t begin = Next().begin;
    if (!TakeOperator("-")) return Primary();
    ARROW_RETURN_NOT_OK(Enter());
    // One literal, so that the smallest int64 and negative decimals can be written.
    if (Next().kind == TokenKind::kInteger || Next().kind == TokenKind::kFloat) {
      Token token = Next();
      ++at_;
      token.text = "-" + token.text;
      token.begin = begin;
      --depth_;
      return Number(token);
    }
    ARROW_ASSIGN_OR_RAISE(auto inner, Negation());
    --depth_;
    NodePtr node = Call("negate", std::move(inner));
    node->begin = begin;
    return node;
  }

  Status Enter() {
    if (++depth_ > kDepthMax) return Problem(Next(), "the expression is nested too deeply");
    return Status::OK();
  }

  Result<NodePtr> Primary() {
    ARROW_RETURN_NOT_OK(Enter());
    ARROW_ASSIGN_OR_RAISE(auto node, PrimaryInner());
    --depth_;
    return node;
  }

  Result<NodePtr> PrimaryInner() {
    const Token token = Next();
    switch (token.kind) {
      case TokenKind::kInteger:
      case TokenKind::kFloat:
        ++at_;
        return Number(token);
      case TokenKind::kText: {
        ++at_;
        NodePtr node = LiteralNode(token);
        node->literal.kind = Kind::kText;
        node->literal.text = token.text;
        return node;
      }
      case TokenKind::kName:
        ++at_;
        return !token.quoted && TakeOperator("(") ? FunctionCall(token) : Column(token);
      case TokenKind::kKeyword:
        return Keyword(token);
      default:
        break;
    }
    if (TakeOperator("(")) {
      ARROW_ASSIGN_OR_RAISE(auto inner, Or());
      ARROW_RETURN_NOT_OK(ExpectOperator(")"));
      return inner;
    }
    return Unexpected("a value");
  }

  Result<NodePtr> Keyword(const Token& token) {
    if (token.text == "case") return Case();
    NodePtr node = LiteralNode(token);
    if (token.text == "true" || token.text == "false") {
      node->literal.kind = Kind::kBool;
      node->literal.boolean = token.text == "true";
    } else if (token.text != "null") {
      return Unexpected("a value");
    }
    ++at_;
    return node;
  }

  Result<NodePtr> Case() {
    const size_t begin = Next().begin;
    ++at_;
    NodePtr node = Call("case", begin);
    do {
      ARROW_RETURN_NOT_OK(ExpectKeyword("when"));
      ARROW_ASSIGN_OR_RAISE(auto condition, Or());
      ARROW_RETURN_NOT_OK(ExpectKeyword("then"));
      ARROW_ASSIGN_OR_RAISE(auto value, Or());
      node->arguments.push_back(std::move(condition));
      node->arguments.push_back(std::move(value));
    } while (IsKeyword("when"));
    if (TakeKeyword("else")) {
      ARROW_ASSIGN_OR_RAISE(auto value, Or());
      node->arguments.push_back(std::move(value));
    } else {
      node->arguments.push_back(LiteralNode(Next()));
    }
    ARROW_RETURN_NOT_OK(ExpectKeyword("end"));
    node->end = tokens_[at_ - 1].end;
    return node;
  }

  Result<NodePtr> FunctionCall(const Token& name) {
    const Function* function = FindFunction(name.text);
    if (function == nullptr) {
      std::string help = DidYouMean(name.text, FunctionNames());
      return Problem(name, "there is no function `" + name.text + "`",
                     help.empty() ? "docs/expressions.md lists the functions" : help);
    }
    NodePtr node = Call(name.text, name.begin);
    ARROW_RETURN_NOT_OK(Arguments(node.get(), 0));
    return node;
  }

  static NodePtr LiteralNode(const Token& token) {
    auto node = std::make_unique<Node>();
    node->begin = token.begin;
    node->end = token.end;
    return node;
  }

  NodePtr Column(const Token& token) const {
    NodePtr node = LiteralNode(token);
    node->kind = NodeKind::kColumn;
    node->name = token.text;
    node->quoted = token.quoted;
    return node;
  }

  Result<NodePtr> Number(const Token& token) const {
    NodePtr node = LiteralNode(token);
    node->literal.text = token.text;
    const char* begin = token.text.data();
    const char* end = begin + token.text.size();
    if (token.kind == TokenKind::kInteger) {
      node->literal.kind = Kind::kInt;
      if (std::from_chars(begin, end, node->literal.integer).ec == std::errc()) return node;
      return Problem(token, "the integer does not fit in 64 bits");
    }
    node->literal.kind = Kind::kFloat;
    if (std::from_chars(begin, end, node->literal.real).ec == std::errc()) {
      node->literal.real += 0.0;  // no minus zero, as with any other subtraction from zero
      return node;
    }
    return Problem(token, "the number is out of range");
  }

  const std::string& text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<std::unique_ptr<Node>> ParseExpression(const std::string& text) {
  if (text.size() > kTextBytesMax) {
    return MakeError({ExpressionProblem(
        text, 0, 1, "the expression is longer than " + std::to_string(kTextBytesMax) + " bytes")});
  }
  ARROW_ASSIGN_OR_RAISE(auto tokens, Tokenise(text));
  return Parser(text, std::move(tokens)).Run();
}

}  // namespace millrace::expr
