#include <doctest/doctest.h>

#include <random>

#include "base/utf8.h"
#include "op/testing/operators.h"
#include "op/text/approx_tokens.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::Bind;
using testing::IntArray;
using testing::MakeChain;
using testing::Parameters;
using testing::Rows;
using testing::TextArray;
using testing::Texts;
using testing::Values;
using Strings = std::vector<std::string>;

ChainResult Chunked(const Texts& texts, Parameters parameters) {
  std::vector<std::optional<int64_t>> numbers;
  for (size_t i = 0; i < texts.size(); ++i) numbers.emplace_back(static_cast<int64_t>(i));
  const auto rows = Rows({{"n", IntArray(numbers)}, {"t", TextArray(texts)}});
  parameters.emplace_back("field", "t");
  const auto chain = MakeChain(rows->schema(), {{"chunk_text", "c", parameters}}).ValueOrDie();
  return Apply(*chain, rows);
}

Strings Chunks(const std::string& text, const Parameters& parameters) {
  const auto column = Chunked({text}, parameters).rows->GetColumnByName("t");
  const auto& texts = static_cast<const arrow::StringArray&>(*column);
  Strings chunks;
  for (int64_t i = 0; i < texts.length(); ++i) chunks.push_back(texts.GetString(i));
  return chunks;
}

TEST_CASE("chunk_text replaces rows by their parts") {
  const ChainResult result =
      Chunked({"one two three four five", std::nullopt, "", "short"}, {{"size", "16"}});
  CHECK(Values(*result.rows, "t") ==
        Strings{"\"one two three \"", "\"four five\"", "null", "\"\"", "\"short\""});
  CHECK(Values(*result.rows, "n") == Strings{"0", "0", "1", "2", "3"});
  CHECK(Values(*result.rows, "__fdf__/row_id") ==
        Strings{"\"src/file#0/c.0\"", "\"src/file#0/c.1\"", "\"src/file#1/c.0\"",
                "\"src/file#2/c.0\"", "\"src/file#3/c.0\""});
  CHECK(result.instances[0].expanded == 4);
  CHECK(result.instances[0].derived == 5);
}

TEST_CASE("parts overlap by whole words") {
  CHECK(Chunks("aa bb cc dd ee ff gg hh", {{"size", "16"}, {"overlap", "6"}}) ==
        Strings{"aa bb cc dd ee ", "dd ee ff gg hh"});
  CHECK(Chunks("One. Two. Three. Four. Five.",
               {{"size", "2"}, {"by", "sentences"}, {"overlap", "1"}}) ==
        Strings{"One. Two. ", "Two. Three. ", "Three. Four. ", "Four. Five."});
  CHECK(Chunks("One. Two. Three.", {{"size", "2"}, {"by", "sentences"}}) ==
        Strings{"One. Two. ", "Three."});
}

// By the definition, for one part at a time.
void CheckChunks(const std::string& text, const Strings& chunks, int64_t size, int64_t overlap,
                 int64_t (*weight)(const std::string&)) {
  size_t begin = 0, end = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    CHECK(weight(chunks[i]) <= size);
    if (i > 0) {
      // A short part may also stand further ahead, but brings nothing new there.
      size_t at = text.find(chunks[i], begin + 1);
      while (at != std::string::npos && at + chunks[i].size() <= end) {
        at = text.find(chunks[i], at + 1);
      }
      REQUIRE(at != std::string::npos);
      REQUIRE(at <= end);
      CHECK(weight(text.substr(at, end - at)) <= overlap);
      begin = at;
    } else {
      CHECK(text.compare(0, chunks[0].size(), chunks[0]) == 0);
    }
    end = begin + chunks[i].size();
  }
  CHECK(end == text.size());
}

TEST_CASE("parts are of the size, cover the text and overlap as told") {
  const uint32_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 300; ++i) {
    // Words that are all different, so that a part is found where it is.
    std::string text;
    for (size_t words = 1 + random() % 60; words > 0; --words) {
      text += std::to_string(random()) + std::to_string(random()).substr(0, random() % 9) +
              " \n"[random() % 2];
    }
    CAPTURE(text);
    const int64_t size = 32 + static_cast<int64_t>(random() % 50);
    const int64_t overlap = static_cast<int64_t>(random()) % (size / 2);
    const Parameters sizes = {{"size", std::to_string(size)}, {"overlap", std::to_string(overlap)}};
    CheckChunks(text, Chunks(text, sizes), size, overlap,
                [](const std::string& part) { return CodePoints(part); });
    Parameters by_tokens = sizes;
    by_tokens.emplace_back("by", "tokens");
    CheckChunks(text, Chunks(text, by_tokens), size * kTokenWeight, overlap * kTokenWeight,
                [](const std::string& part) { return WeightOf(part); });
    std::string joined;
    for (const std::string& chunk : Chunks(text, {{"size", std::to_string(size)}})) joined += chunk;
    CHECK(joined == text);
  }
}

TEST_CASE("a megabyte without white space is cut, and large rows are not copied without end") {
  const std::string large(1 << 20, 'x');
  CHECK(Chunks(large, {{"size", "1000"}}).size() < 1500);
  CHECK(Chunks(large, {{"size", "100"}, {"by", "tokens"}}).size() > 100);
  const auto rows = Rows({{"t", TextArray({large, "ok"})}, {"other", TextArray({large, "x"})}});
  const auto chain =
      MakeChain(rows->schema(), {{"chunk_text", "c", {{"field", "t"}, {"size", "100"}}}})
          .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(Values(*result.rows, "t") == Strings{"\"ok\""});
  CHECK(Values(*result.rejects, "rule") == Strings{"\"chunk.too_large\""});
  CHECK(result.instances[0].expanded == 1);
}

TEST_CASE("chunk_text tells what it cannot use") {
  const auto columns = arrow::schema({arrow::field("t", arrow::utf8())});
  const auto problem = [&](Parameters parameters) {
    parameters.emplace_back("field", "t");
    return Bind("chunk_text", "c", parameters, columns).status().message();
  };
  CHECK(problem({{"size", "15"}}) == "a chunk by chars has a `size` of at least 16");
  CHECK(problem({{"size", "31"}, {"by", "tokens"}}) ==
        "a chunk by tokens has a `size` of at least 32");
  CHECK(problem({{"size", "20"}, {"overlap", "11"}}) ==
        "chunks overlap by at most half their `size`");
}

}  // namespace
}  // namespace millrace::op
