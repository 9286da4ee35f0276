#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/status.h"

namespace millrace {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  MILLRACE_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(const void* data, size_t bytes) {
  MILLRACE_CHECK(EVP_DigestUpdate(state_->context, data, bytes) == 1);
}

void Sha256::UpdateField(std::string_view text) {
  uint64_t bytes = text.size();
  unsigned char length[8];
  for (int i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(bytes >> (8 * i));
  Update(length, sizeof length);
  Update(text);
}

std::string Sha256::FinishHex() {
  unsigned char digest[32];
  unsigned int bytes = 0;
  MILLRACE_CHECK(EVP_DigestFinal_ex(state_->context, digest, &bytes) == 1 && bytes == 32);
  static const char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(64);
  for (unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string Sha256Hex(std::string_view data) {
  Sha256 hash;
  hash.Update(data);
  return hash.FinishHex();
}

}  // namespace millrace
