#include "base/sha256.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace millrace {

TEST_CASE("SHA-256 agrees with FIPS 180-4's examples") {
  CHECK(Sha256Hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(Sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("fields are separated by their lengths") {
  Sha256 a, b;
  a.UpdateField("ab");
  a.UpdateField("c");
  b.UpdateField("a");
  b.UpdateField("bc");
  CHECK(a.FinishHex() != b.FinishHex());
}

namespace {

std::string RandomBytes(std::mt19937_64& random, size_t bytes) {
  std::string data(bytes, '\0');
  for (char& c : data) c = static_cast<char>(random());
  return data;
}

// Some bytes at once, some later, in pieces of odd lengths.
std::string HashInPieces(uint64_t seed, const std::shared_ptr<std::string>& data) {
  std::mt19937_64 random(seed);
  Sha256 hash;
  for (size_t at = 0; at < data->size();) {
    const size_t most = random() % 4 == 0 ? 100 : 200'000;
    const size_t take = std::min(data->size() - at, static_cast<size_t>(random() % most));
    if (random() % 2 == 0) {
      hash.Update(data->data() + at, take);
    } else {
      hash.UpdateLater(data, data->data() + at, take);
    }
    at += take;
  }
  return hash.FinishHex();
}

}  // namespace

TEST_CASE("two streams side by side give FIPS 180-4's hash of a million times 'a'") {
  auto data = std::make_shared<std::string>(1'000'000, 'a');
  Sha256 waiting, at_once;
  waiting.UpdateLater(data, data->data(), data->size());
  at_once.Update(*data);
  const char* expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  CHECK(waiting.FinishHex() == expected);
  CHECK(at_once.FinishHex() == expected);
}

TEST_CASE("streams that take each other's bytes along hash as if they were alone") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&wrong, t] {
      std::mt19937_64 random(t);
      for (uint64_t round = 0; round < 20; ++round) {
        auto data = std::make_shared<std::string>(RandomBytes(random, random() % 1'500'000));
        if (HashInPieces(random(), data) != Sha256Hex(*data)) ++wrong[t];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("what was left to others and is not wanted any more is forgotten") {
  auto data = std::make_shared<std::string>(size_t{1} << 20, 'x');
  {
    Sha256 abandoned;
    abandoned.UpdateLater(data, data->data(), data->size());
    Sha256 replaced;
    replaced.UpdateLater(data, data->data(), data->size());
    replaced = Sha256();
    CHECK(replaced.FinishHex() == Sha256Hex(""));
  }
  CHECK(data.use_count() == 1);
  CHECK(Sha256Hex(*data) == Sha256Hex(std::string(size_t{1} << 20, 'x')));
}

TEST_CASE("no more waits than may") {
  auto data = std::make_shared<std::string>(size_t{3} << 20, 'y');
  std::vector<Sha256> hashes(5);
  for (auto& hash : hashes) hash.UpdateLater(data, data->data(), data->size());
  CHECK(data.use_count() <= 3);
  for (auto& hash : hashes) CHECK(hash.FinishHex() == Sha256Hex(*data));
}

}  // namespace millrace
