#include "pipeline/config/rest_paths.h"

#include <charconv>

namespace millrace::pipeline {

using source::rest::JsonQuery;

int64_t ParseSpan(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 1 || number > 1'000'000 ||
      end + 1 != text.data() + text.size()) {
    return 0;
  }
  switch (*end) {
    case 's':
      return number;
    case 'm':
      return number * 60;
    case 'h':
      return number * 3600;
    case 'd':
      return number * 86'400;
    default:
      return 0;
  }
}

void RestPaths::Bad(const ConfigValue& at, std::string message, std::string suggestion) {
  problems_->Add(ErrorCode::kBadValue, at.span, std::move(message), std::move(suggestion));
}

void RestPaths::BadInside(const ConfigValue& at, size_t offset, size_t length, std::string message,
                          std::string suggestion) {
  SourceSpan span = at.span;
  if (at.as_written && at.node != nullptr) {
    const std::string_view text = at.text;
    span = problems_->tree().SpanInside(*at.node, CountCodePoints(text.substr(0, offset)),
                                        CountCodePoints(text.substr(offset, length)));
  }
  problems_->Add(ErrorCode::kBadValue, span, std::move(message), std::move(suggestion));
}

std::optional<JsonQuery> RestPaths::Query(const ConfigValue& in, const char* key) {
  const ConfigValue* text = in.Find(key);
  if (text == nullptr || text->kind != ConfigValue::Kind::kText) return std::nullopt;
  JsonQuery query;
  if (ParseQuery(*text, key, &query)) return query;
  return std::nullopt;
}

bool RestPaths::ParseQuery(const ConfigValue& text, const char* key, JsonQuery* query) {
  const auto fault = JsonQuery::Parse(text.text, query);
  if (!fault) return true;
  BadInside(text, static_cast<size_t>(fault->offset), 1,
            "`" + std::string(key) + "`: " + fault->message,
            "docs/rest.md has the paths that work");
  return false;
}

std::optional<JsonQuery> RestPaths::SingleQuery(const ConfigValue& in, const char* key) {
  auto query = Query(in, key);
  if (query && query->Container().steps().size() < query->steps().size()) {
    Bad(*in.Find(key), "`" + std::string(key) + "` must mean one value, not each of several");
  }
  return query;
}

}  // namespace millrace::pipeline
