#include "source/rest/link_header.h"

#include <algorithm>
#include <cctype>

namespace millrace::source::rest {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool HoldsWord(const std::string& words, std::string_view wanted) {
  size_t at = 0;
  while (at < words.size()) {
    const size_t begin = words.find_first_not_of(' ', at);
    if (begin == std::string::npos) return false;
    const size_t end = std::min(words.find(' ', begin), words.size());
    if (std::string_view(words).substr(begin, end - begin) == wanted) return true;
    at = end;
  }
  return false;
}

// The end of a parameter or link: the first `any` outside quotes.
size_t EndOf(std::string_view text, size_t at, std::string_view any) {
  bool quoted = false;
  for (; at < text.size(); ++at) {
    if (quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && any.find(text[at]) != std::string_view::npos) {
      break;
    }
  }
  return std::min(at, text.size());
}

bool MeansNext(std::string_view params) {
  size_t at = 0;
  while (at < params.size()) {
    const size_t end = EndOf(params, at, ";");
    const std::string_view param = Trim(params.substr(at, end - at));
    at = end + 1;
    const size_t equals = param.find('=');
    if (equals == std::string_view::npos || Lower(Trim(param.substr(0, equals))) != "rel") continue;
    std::string_view value = Trim(param.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    return HoldsWord(Lower(value), "next");  // only the first rel of a link counts
  }
  return false;
}

}  // namespace

std::string NextLink(const io::http::Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name != "link") continue;
    const std::string_view text = value;
    size_t at = 0;
    while ((at = text.find('<', at)) != std::string_view::npos) {
      const size_t close = text.find('>', at);
      if (close == std::string_view::npos) break;
      const size_t end = EndOf(text, close + 1, ",");
      if (MeansNext(text.substr(close + 1, end - close - 1))) {
        return std::string(Trim(text.substr(at + 1, close - at - 1)));
      }
      at = end;
    }
  }
  return "";
}

}  // namespace millrace::source::rest
