// TLS through libcurl's OpenSSL, encryption through libparquet's and hashing through our own, in
// one process and in turn: each must find its own.
#include <arrow/io/memory.h>
#include <arrow/util/secure_string.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <parquet/api/reader.h>
#include <parquet/api/writer.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/sha256.h"
#include "base/testing/temp_folder.h"
#include "io/http/transport.h"

namespace millrace::io::http {
namespace {

/// `openssl s_server` on a free port, with a certificate of its own making.
class TlsServer {
 public:
  explicit TlsServer(const std::string& folder) {
    certificate_ = folder + "/ca.pem";
    const std::string make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test " +
                             std::string("-addext subjectAltName=IP:127.0.0.1 -keyout ") + folder +
                             "/key.pem -out " + certificate_ + " 2>/dev/null";
    REQUIRE(std::system(make.c_str()) == 0);
    int out[2];
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out[1], 1);
      ::dup2(::open("/dev/null", O_WRONLY), 2);
      const std::string key = folder + "/key.pem";
      ::execlp("openssl", "openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-cert",
               certificate_.c_str(), "-key", key.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    std::string text;
    for (char c = 0; ::read(out[0], &c, 1) == 1 && (c != '\n' || text.find("ACCEPT") != 0);) {
      text = c == '\n' ? "" : text + c;
    }
    drain_ = out[0];  // left open: the server must not die of a closed pipe
    url_ = "https://127.0.0.1" + text.substr(std::min(text.rfind(':'), text.size())) + "/";
  }
  ~TlsServer() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    ::close(drain_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  const std::string& url() const { return url_; }
  const std::string& certificate() const { return certificate_; }

 private:
  std::string certificate_, url_;
  pid_t pid_ = 0;
  int drain_ = -1;
};

constexpr char kKey[] = "0123456789abcdef";

/// Writes and reads an encrypted Parquet file; returns the value that was read.
int64_t EncryptedRoundTrip(int64_t value) {
  const auto node = parquet::schema::GroupNode::Make(
      "schema", parquet::Repetition::REQUIRED,
      {parquet::schema::Int64("x", parquet::Repetition::REQUIRED)});
  auto sink = *arrow::io::BufferOutputStream::Create();
  auto properties = parquet::WriterProperties::Builder()
                        .encryption(parquet::FileEncryptionProperties::Builder(
                                        arrow::util::SecureString(std::string(kKey)))
                                        .build())
                        ->build();
  auto writer = parquet::ParquetFileWriter::Open(
      sink, std::static_pointer_cast<parquet::schema::GroupNode>(node), properties);
  static_cast<parquet::Int64Writer*>(writer->AppendRowGroup()->NextColumn())
      ->WriteBatch(1, nullptr, nullptr, &value);
  writer->Close();
  parquet::ReaderProperties reading;
  reading.file_decryption_properties(parquet::FileDecryptionProperties::Builder()
                                         .footer_key(arrow::util::SecureString(std::string(kKey)))
                                         ->build());
  auto reader = parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(*sink->Finish()), reading);
  int64_t read = 0, count = 0;
  auto column = reader->RowGroup(0)->Column(0);
  static_cast<parquet::Int64Reader*>(column.get())->ReadBatch(1, nullptr, nullptr, &read, &count);
  return read;
}

}  // namespace

TEST_CASE("TLS, Parquet encryption and hashing work in one process, each with its own OpenSSL") {
  TempFolder folder;
  TlsServer server(folder.path());
  CHECK(EncryptedRoundTrip(41) == 41);
  TransportOptions options;
  options.allow_private_addresses = true;
  options.ca_file = server.certificate();
  const auto transport = *MakeCurlTransport(options);
  Request request;
  request.url = server.url();
  for (int turn = 0; turn < 3; ++turn) {
    const Result<Response> response = transport->Send(request);
    REQUIRE_MESSAGE(response.ok(), response.status().message());
    CHECK(response->body.find("TLSv1.3") != std::string::npos);
    CHECK(EncryptedRoundTrip(turn) == turn);
    CHECK(Sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
}

TEST_CASE("a certificate of an authority nobody named is not trusted") {
  TempFolder folder;
  TlsServer server(folder.path());
  TransportOptions options;
  options.allow_private_addresses = true;
  Request request;
  request.url = server.url();
  const Status status = (*MakeCurlTransport(options))->Send(request).status();
  CHECK(status.message().find("certificate is not trusted") != std::string::npos);
  CHECK_FALSE(IsRetryable(status));
  // Nor one whose name is another's, whoever signed it.
  options.ca_file = server.certificate();
  request.url = "https://localhost" + server.url().substr(17);
  CHECK_FALSE(IsRetryable((*MakeCurlTransport(options))->Send(request).status()));
}

}  // namespace millrace::io::http
