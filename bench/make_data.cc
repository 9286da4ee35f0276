// Writes the benchmark's data: make_data csv|jsonl BYTES > FILE. Seeded; the same on every machine.
//
// The CSV has 20 columns: keys, numbers, decimals, dates, timestamps, enums and five of free text,
// four of them quoted in every row, with commas, doubled quotes and now and then a line break.
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t bound) { return Next() % bound; }

 private:
  uint64_t state_;
};

constexpr std::array<const char*, 32> kWords = {
    "the",    "shipment", "arrived", "late",  "and",      "customer", "asked",  "for",
    "refund", "because",  "naïve",   "café",  "product",  "was",      "broken", "in",
    "two",    "places",   "we",      "sent",  "another",  "one",      "from",   "Zürich",
    "order",  "number",   "missing", "label", "delivery", "window",   "open",   "support"};
constexpr std::array<const char*, 12> kCountries = {"DE", "FR", "US", "GB", "JP", "BR",
                                                    "IN", "CN", "ZA", "SE", "PL", "ES"};
constexpr std::array<const char*, 5> kStates = {"new", "open", "waiting", "solved", "closed"};

void AddWords(Random& random, int words, std::string& out) {
  for (int i = 0; i < words; ++i) {
    if (i > 0) out += ' ';
    out += kWords[random.Below(kWords.size())];
  }
}

void AddNumber(std::string& out, const char* format, uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  out += text;
}

void AddDate(Random& random, std::string& out) {
  char text[16];
  std::snprintf(text, sizeof text, "20%02d-%02d-%02d", static_cast<int>(10 + random.Below(16)),
                static_cast<int>(1 + random.Below(12)), static_cast<int>(1 + random.Below(28)));
  out += text;
}

void AddTimestamp(Random& random, std::string& out) {
  AddDate(random, out);
  char text[16];
  std::snprintf(text, sizeof text, " %02d:%02d:%02d", static_cast<int>(random.Below(24)),
                static_cast<int>(random.Below(60)), static_cast<int>(random.Below(60)));
  out += text;
}

void AddDecimal(Random& random, uint64_t cents, std::string& out) {
  const uint64_t value = random.Below(cents);
  AddNumber(out, "%" PRIu64, value / 100);
  AddNumber(out, ".%02" PRIu64, value % 100);
}

// A text with a comma; one in 8 has doubled quotes, one in 16 a line break.
void AddText(Random& random, int words, const char* quote, const char* line_break,
             std::string& out) {
  AddWords(random, words, out);
  out += ", ";
  const uint64_t kind = random.Below(16);
  if (kind < 2) {
    out += quote;
    AddWords(random, 2, out);
    out += quote;
  } else if (kind == 2) {
    out += line_break;
  }
  AddWords(random, 2, out);
}

void CsvRow(Random& random, uint64_t row, std::string& out) {
  const auto comma = [&] { out += ','; };
  AddNumber(out, "%" PRIu64, row);
  comma();
  AddNumber(out, "%016" PRIx64, random.Next());
  comma();
  AddTimestamp(random, out);
  comma();
  AddDate(random, out);
  comma();
  AddDecimal(random, 10000000, out);
  comma();
  AddNumber(out, "%" PRIu64, random.Below(100));
  comma();
  AddNumber(out, "0.%06" PRIu64, random.Below(1000000));
  comma();
  out += random.Below(2) ? "true" : "false";
  comma();
  out += kCountries[random.Below(kCountries.size())];
  comma();
  out += kStates[random.Below(kStates.size())];
  comma();
  AddNumber(out, "user%" PRIu64 "@example.org", random.Below(500000));
  comma();
  AddWords(random, 1, out);
  comma();
  AddNumber(out, "%" PRIu64, random.Below(1000000000));
  comma();
  if (random.Below(4) != 0) AddNumber(out, "%" PRIu64, random.Below(1000));
  comma();
  AddNumber(out, "-%" PRIu64, random.Below(90));
  AddNumber(out, ".%04" PRIu64, random.Below(10000));
  comma();
  AddTimestamp(random, out);
  for (int column = 0; column < 4; ++column) {
    out += ",\"";
    AddText(random, column == 3 ? 6 : 1, "\"\"", "\n", out);
    out += '"';
  }
  out += '\n';
}

void JsonRow(Random& random, uint64_t row, std::string& out) {
  AddNumber(out, R"({"id": %)" PRIu64, row);
  out += R"(, "created": ")";
  AddTimestamp(random, out);
  out += R"(", "doc": {"title": ")";
  AddText(random, 3, "\\\"", "\\n", out);
  out += R"(", "text": ")";
  AddText(random, 30, "\\\"", "\\n", out);
  out += R"(", "lang": ")";
  out += kCountries[random.Below(kCountries.size())];
  AddNumber(out, R"(", "words": %)" PRIu64, random.Below(1000));
  AddNumber(out, R"(, "score": 0.%06)" PRIu64, random.Below(1000000));
  out += R"(}, "meta": {"source": "crawl", "ok": )";
  out += random.Below(2) ? "true" : "false";
  AddNumber(out, R"(, "unused": [%)" PRIu64, random.Below(9));
  AddNumber(out, R"(, %)" PRIu64 R"(]}, "state": ")", random.Below(9));
  out += kStates[random.Below(kStates.size())];
  out += "\"}\n";
}

}  // namespace

int main(int argc, char** argv) {
  const bool csv = argc == 3 && std::strcmp(argv[1], "csv") == 0;
  if (argc != 3 || (!csv && std::strcmp(argv[1], "jsonl") != 0)) {
    std::fputs("usage: make_data csv|jsonl BYTES > FILE\n", stderr);
    return 2;
  }
  const uint64_t bytes = std::strtoull(argv[2], nullptr, 10);
  Random random(20261121);
  std::string block;
  uint64_t written = 0;
  if (csv) {
    block =
        "id,key,created,day,price,quantity,ratio,flag,country,state,email,word,serial,maybe,"
        "latitude,updated,title,tag,place,body\n";
  }
  for (uint64_t row = 0; written + block.size() < bytes; ++row) {
    csv ? CsvRow(random, row, block) : JsonRow(random, row, block);
    if (block.size() > (1 << 20)) {
      if (std::fwrite(block.data(), 1, block.size(), stdout) != block.size()) return 1;
      written += block.size();
      block.clear();
    }
  }
  return std::fwrite(block.data(), 1, block.size(), stdout) == block.size() ? 0 : 1;
}
