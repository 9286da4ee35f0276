#include "source/rest/places.h"

namespace millrace::source::rest {

std::string FillPlaces(const std::string& template_text, const Places& places,
                       const std::function<std::string(const std::string&)>& encode) {
  std::string out;
  for (size_t at = 0; at < template_text.size();) {
    const size_t open = template_text.find('{', at);
    const size_t close = open == std::string::npos ? open : template_text.find('}', open);
    if (close == std::string::npos) return out + template_text.substr(at);
    out += template_text.substr(at, open - at);
    const auto place = places.find(template_text.substr(open + 1, close - open - 1));
    if (place == places.end()) {
      out += template_text[open];
      at = open + 1;
      continue;
    }
    out += encode(place->second);
    at = close + 1;
  }
  return out;
}

}  // namespace millrace::source::rest
