// Random documents, good, odd and damaged: the reader and the slow oracle must agree on every cell,
// extent and reject, and so must all chunk sizes with each other.
#include "io/testing/jsonl_oracle.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace millrace::io {
namespace {

using testing::ReadSlowly;
using testing::ReadWith;
using Random = std::mt19937_64;

template <typename T, size_t n>
const T& Pick(const T (&choices)[n], Random& random) {
  return choices[random() % n];
}

const char* const kNames[] = {
    "\"a\"",           "\"b\"",       "\"c\"",
    "\"longer_name\"", "\"\\u0061\"", "\"a.b\"",
    "\"é\"",           "\"\"",        "\"a name of more than sixteen bytes\""};
const char* const kScalars[] = {"1",
                                "-0",
                                "0.5e-3",
                                "12345678901234567890",
                                "1e999",
                                "true",
                                "false",
                                "null",
                                "\"\"",
                                "\"text\"",
                                "\"\\\"q\\\\\"",
                                "\"\\ud83d\\ude42\\n\"",
                                "\"{[,]}:\"",
                                "\"漢字 and more text than sixteen bytes\"",
                                "\"\\u0000\\/\""};
const char* const kSpaces[] = {"", "", "", "", " ", "\t", "  ", "\r"};
const char* const kNoise[] = {",",
                              ":",
                              "{",
                              "}",
                              "[",
                              "]",
                              "\"",
                              "\\",
                              "\n",
                              " ",
                              "0",
                              "-",
                              ".",
                              "e",
                              "t",
                              "\xc3",
                              "\xa9",
                              "\xff",
                              "\xed\xa0\x80",
                              "\f",
                              "\x1a",
                              "\\ud800",
                              "\\x",
                              "\xEF\xBB\xBF",
                              "true",
                              "NaN",
                              "\x01"};
const char* const kPaths[] = {"a",      "b",           "c.a",
                              "a.b",    "[\"a.b\"]",   "c[0]",
                              "c[1].a", "longer_name", "é",
                              "[\"\"]", "b.c.a",       "[\"a name of more than sixteen bytes\"]"};

std::string Value(Random& random, int depth) {
  const uint64_t kind = random() % (depth > 4 ? 6 : 10);
  if (kind < 6) return Pick(kScalars, random);
  const bool object = kind < 8;
  std::string text = object ? "{" : "[";
  for (uint64_t n = random() % 4, i = 0; i < n; ++i) {
    if (i > 0) text += ",";
    text += Pick(kSpaces, random);
    if (object) text += std::string(Pick(kNames, random)) + Pick(kSpaces, random) + ":";
    text += Pick(kSpaces, random) + Value(random, depth + 1) + Pick(kSpaces, random);
  }
  return text + (object ? "}" : "]");
}

std::string Record(Random& random) {
  std::string text = "{";
  for (uint64_t n = random() % 6, i = 0; i < n; ++i) {
    // Mostly each name once: else every second record would be a duplicate.
    const char* name = random() % 8 == 0 ? Pick(kNames, random) : kNames[i];
    text += (i > 0 ? "," : "") + std::string(name) + ":" + Value(random, 0);
  }
  text += "}";
  while (random() % 4 == 0) {
    const size_t at = random() % (text.size() + 1);
    const uint64_t bytes = random() % 3;
    switch (random() % 3) {
      case 0:
        text.insert(at, Pick(kNoise, random));
        break;
      case 1:
        text.erase(at, bytes);
        break;
      default:
        text.replace(at, std::min<size_t>(bytes, text.size() - at), Pick(kNoise, random));
    }
  }
  return text;
}

/// Objects one behind the other: pretty-printed, on one line, or any mixture.
std::string Concatenated(Random& random) {
  std::string text = random() % 8 == 0 ? "\xEF\xBB\xBF" : "";
  text += random() % 4 == 0 ? "" : random() % 2 == 0 ? "{\n}" : "{\n\"a\" :1\n}\n";
  for (uint64_t n = random() % 30, i = 0; i < n; ++i) {
    std::string record = Record(random);
    while (!record.empty() &&
           random() % 2 == 0) {  // line ends where there may be space, and sometimes elsewhere
      const size_t at = random() % 8 == 0 ? random() % record.size() : record.find_first_of(",:}");
      if (at < record.size()) record.insert(at + random() % 2, "\n ");
    }
    text += record + Pick(kSpaces, random) + (random() % 2 == 0 ? "\n" : "");
    if (random() % 32 == 0) text += Pick(kNoise, random);
  }
  if (random() % 8 == 0) text.resize(text.size() - std::min<size_t>(text.size(), random() % 9));
  return text;
}

std::string File(Random& random) {
  if (random() % 3 == 0) return Concatenated(random);
  const bool array = random() % 4 == 0;
  std::string text = random() % 8 == 0 ? "\xEF\xBB\xBF" : "";
  if (array) text += "[";
  for (uint64_t n = random() % 30, i = 0; i < n; ++i) {
    text += random() % 16 == 0 ? Value(random, 0) : Record(random);
    text += random() % 32 == 0 ? Pick(kNoise, random) : array ? (random() % 8 ? "," : "\n,") : "\n";
  }
  if (array && random() % 4 > 0) text += "{}]";
  if (random() % 8 == 0) text.resize(text.size() - std::min<size_t>(text.size(), random() % 9));
  return text;
}

Projection RandomProjection(Random& random) {
  Projection projection;
  for (uint64_t n = random() % 6; n > 0; --n) {
    FieldRequest request;
    request.path = Pick(kPaths, random);
    request.wants_json = random() % 3 == 0;
    request.raw_json = request.wants_json && random() % 2 == 0;
    projection.fields.push_back(request);
  }
  if (random() % 4 == 0) projection.unknown = UnknownFields::kReject;
  if (random() % 2 == 0) projection.known = {"a", "é", "a.b"};
  return projection;
}

TEST_CASE("the reader agrees with the oracle on random files") {
  constexpr uint64_t kSeed = 20261121;
  for (uint64_t round = 0; round < 4000; ++round) {
    Random random(kSeed + round);
    INFO("seed " << kSeed + round);
    const std::string text = File(random);
    const Projection projection = RandomProjection(random);
    JsonlOptions options;
    if (random() % 8 == 0) {
      options.layout = random() % 2 == 0 ? JsonlLayout::kLines : JsonlLayout::kConcatenated;
    }
    if (random() % 4 == 0) options.record_bytes_max = 1 + static_cast<int64_t>(random() % 100);
    const std::string expected = ReadSlowly(text, options, projection).ToString(false);
    const auto whole = ReadWith(text, options, projection);
    CAPTURE(text);
    REQUIRE(whole.ToString(false) == expected);
    for (int64_t chunk_bytes :
         {int64_t{1}, static_cast<int64_t>(1 + random() % 50), int64_t{300}}) {
      CAPTURE(chunk_bytes);
      options.chunk_bytes = chunk_bytes;
      REQUIRE(ReadWith(text, options, projection).ToString() == whole.ToString());
    }
  }
}

// The oracle in its turn is held against a JSON parser of other people.
TEST_CASE("the oracle takes for JSON what nlohmann's parser does") {
  constexpr uint64_t kSeed = 4711;
  int good = 0, bad = 0;
  for (uint64_t round = 0; round < 30000; ++round) {
    Random random(kSeed + round);
    const std::string text = Record(random);
    bool is_json = true;
    try {
      testing::SlowJson(text).Parse();
    } catch (const testing::SlowFault&) {
      is_json = false;
    }
    if (text.rfind("\xEF\xBB\xBF", 0) == 0) continue;  // skipped there
    bool accepted = true;
    try {
      const auto parsed = nlohmann::json::parse(text);
    } catch (const nlohmann::json::parse_error&) {
      accepted = false;
    } catch (const nlohmann::json::out_of_range&) {
      continue;  // a number beyond a double, which is an error there
    }
    INFO("seed " << kSeed + round);
    CAPTURE(text);
    REQUIRE(accepted == is_json);
    ++(is_json ? good : bad);
  }
  CHECK(good > 5000);
  CHECK(bad > 2000);
}

}  // namespace
}  // namespace millrace::io
