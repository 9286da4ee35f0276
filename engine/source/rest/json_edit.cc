#include "source/rest/json_edit.h"

#include <nlohmann/json.hpp>

#include "base/error_codes.h"

namespace millrace::source::rest {
namespace {

using Steps = std::vector<JsonQuery::Step>;

Status Bad(const std::string& what) { return MakeError(ErrorCode::kBadValue, what); }

bool IsMember(const JsonQuery::Step& step) { return step.kind == JsonQuery::Step::Kind::kMember; }

// `value` in an object for each step from `first` on: {"a":{"b":value}}.
Result<std::string> InNewObjects(const Steps& steps, size_t first, std::string_view value) {
  std::string before, after;
  for (size_t i = first; i < steps.size(); ++i) {
    if (!IsMember(steps[i])) return Bad("only objects can be made, and no elements of arrays");
    ARROW_ASSIGN_OR_RAISE(const std::string name, JsonQuoted(steps[i].member));
    before += '{' + name + ':';
    after += '}';
  }
  return before + std::string(value) + after;
}

std::string Spliced(std::string_view json, size_t begin, size_t length, std::string_view piece) {
  std::string out(json.substr(0, begin));
  out += piece;
  out += json.substr(begin + length);
  return out;
}

// The text with a member more in front of those of `object`, which is a piece of it.
Result<std::string> WithMember(std::string_view json, std::string_view object, const Steps& steps,
                               size_t depth, std::string_view value) {
  ARROW_ASSIGN_OR_RAISE(const std::string name, JsonQuoted(steps[depth].member));
  ARROW_ASSIGN_OR_RAISE(const std::string inside, InNewObjects(steps, depth + 1, value));
  const bool is_empty = object[object.find_first_not_of(" \t\r\n", 1)] == '}';
  const auto begin = static_cast<size_t>(object.data() - json.data()) + 1;
  return Spliced(json, begin, 0, name + ':' + inside + (is_empty ? "" : ","));
}

}  // namespace

Result<std::string> JsonQuoted(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    return Bad("a text that is no UTF-8 cannot be written as JSON");
  }
}

std::string JsonEscaped(const std::string& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kDigits[c >> 4];
      out += kDigits[c & 0xF];
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<JsonQueryFault> ParseJsonPlace(const std::string& text, JsonQuery* place) {
  if (text.empty() || text[0] != '$') {
    *place = JsonQuery::OfMember(text);
    return std::nullopt;
  }
  JsonQuery parsed;
  if (auto fault = JsonQuery::Parse(text, &parsed)) return fault;
  if (parsed.steps().empty()) return JsonQueryFault{0, "it must name a member"};
  if (parsed.Container().steps().size() < parsed.steps().size()) {
    return JsonQueryFault{static_cast<int>(text.find("[*]")), "it must mean one place"};
  }
  *place = std::move(parsed);
  return std::nullopt;
}

Result<std::string> WithValueAt(std::string_view json, const JsonQuery& place,
                                std::string_view value) {
  const Steps& steps = place.steps();
  for (size_t depth = steps.size();; --depth) {
    const JsonQuery way = place.Prefix(depth);
    const auto found = way.Find(json);
    if (!found.ok()) return Bad("the body is no JSON: " + found.status().message());
    if (found->empty()) continue;  // never at depth 0, the whole
    const std::string_view piece = found->front();
    if (depth == steps.size()) {
      return Spliced(json, static_cast<size_t>(piece.data() - json.data()), piece.size(), value);
    }
    if (piece.front() == '{' && IsMember(steps[depth])) {
      return WithMember(json, piece, steps, depth, value);
    }
    return Bad("there is no place for `" + place.text() + "`: `" + way.text() + "` is no object");
  }
}

}  // namespace millrace::source::rest
