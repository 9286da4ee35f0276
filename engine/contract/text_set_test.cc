#include "contract/text_set.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

namespace millrace::contract {

TEST_CASE("a text set knows its texts and no others, as std::set does") {
  std::random_device device;
  const auto seed = device();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (size_t size : {size_t{0}, size_t{1}, size_t{3}, size_t{4}, size_t{5}, size_t{100}}) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < size; ++i) {
      // Few letters: many texts are the beginning of others, and some come twice.
      std::string text(random() % 12, 'a');
      for (char& c : text) c = static_cast<char>('a' + random() % 3);
      texts.push_back(text);
    }
    const TextSet set(texts);
    const std::set<std::string> oracle(texts.begin(), texts.end());
    for (const std::string& text : texts) CHECK(set.Contains(text));
    for (int i = 0; i < 1000; ++i) {
      std::string text(random() % 12, 'a');
      for (char& c : text) c = static_cast<char>('a' + random() % 3);
      CHECK(set.Contains(text) == (oracle.count(text) != 0));
    }
  }
}

}  // namespace millrace::contract
