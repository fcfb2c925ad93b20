// A member that uses QuickFIX/C++: an initiator that is told line by line on its input what to do, and writes line by
// line on its output what its engine says, hears and thinks. All rules of FIX (numbers, resends, validation against
// the dictionaries of the settings) are the engine's own; nothing is decided here.
//
// Usage: client SETTINGS tcp|tls
//
// Input, fields of messages separated by SOH as on the wire:
//   credentials USERNAME PASSWORD   for Username (553) and Password (554) of every Logon; on the input since command
//                                   lines can be read by everyone on a machine
//   logon                           connects, now and again after every lost connection, until `logout`
//   logout                          says Logout and stays away
//   send FIELDS                     sends 35=... and the fields of a body, or keeps it until the next Logon
//   expect N                        makes N the number expected next: what comes above it is asked for again
//   numbers                         answers `numbers NEXT-TO-SEND NEXT-EXPECTED`
//
// Output:
//   out MESSAGE, in MESSAGE         what went over the wire, with the password hidden
//   app MESSAGE                     an application message that the engine found valid and in order
//   event TEXT                      a line of the engine's own log
//   on, off                         the session has logged on, has ended
//   Certificate Verification: ...   printed by the engine itself
//
// The end of the input ends the process.
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>

#include <quickfix/Application.h>
#include <quickfix/FileStore.h>
#include <quickfix/Log.h>
#include <quickfix/SSLSocketInitiator.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketInitiator.h>

namespace {

const char SOH = '\001';

std::mutex outputMutex;

void say(const std::string& word, const std::string& text = "") {
  std::string line = text.empty() ? word : word + ' ' + text;
  for (char& character : line) {
    if (character == '\n' || character == '\r') character = ' ';
  }
  std::lock_guard<std::mutex> lock(outputMutex);
  // In one piece: the engine itself prints what it thinks of certificates.
  std::cout << line + '\n' << std::flush;
}

std::string withoutPassword(const std::string& message) {
  const std::string tag = std::string(1, SOH) + "554=";
  const std::string::size_type begin = message.find(tag);
  if (begin == std::string::npos) return message;
  const std::string::size_type end = message.find(SOH, begin + 1);
  return message.substr(0, begin + tag.size()) + "***" + message.substr(end);
}

class OutputLog : public FIX::Log {
 public:
  void clear() override {}
  void backup() override {}
  void onIncoming(const std::string& message) override { say("in", message); }
  void onOutgoing(const std::string& message) override { say("out", withoutPassword(message)); }
  void onEvent(const std::string& text) override { say("event", text); }
};

class OutputLogFactory : public FIX::LogFactory {
 public:
  FIX::Log* create() override { return new OutputLog; }
  FIX::Log* create(const FIX::SessionID&) override { return new OutputLog; }
  void destroy(FIX::Log* log) override { delete log; }
};

class Member : public FIX::Application {
 public:
  // Before the engine is started: its thread reads them.
  void setCredentials(const std::string& username, const std::string& password) {
    username_ = username;
    password_ = password;
  }

  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID&) override { say("on"); }
  void onLogout(const FIX::SessionID&) override { say("off"); }

  void toAdmin(FIX::Message& message, const FIX::SessionID&) override {
    FIX::MsgType msgType;
    message.getHeader().getField(msgType);
    if (msgType.getValue() != FIX::MsgType_Logon) return;
    message.setField(FIX::Username(username_));
    message.setField(FIX::Password(password_));
  }

  void toApp(FIX::Message&, const FIX::SessionID&) throw(FIX::DoNotSend) override {}

  void fromAdmin(const FIX::Message&, const FIX::SessionID&) throw(
      FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::RejectLogon) override {}

  void fromApp(const FIX::Message& message, const FIX::SessionID&) throw(
      FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override {
    std::string text;
    say("app", message.toString(text));
  }

 private:
  std::string username_;
  std::string password_;
};

void send(const std::string& fields, const FIX::SessionID& sessionId) {
  FIX::Message message;
  std::istringstream rest(fields);
  std::string field;
  while (std::getline(rest, field, SOH)) {
    const std::string::size_type equals = field.find('=');
    const int tag = std::stoi(field.substr(0, equals));
    const std::string value = field.substr(equals + 1);
    if (tag == FIX::FIELD::MsgType) {
      message.getHeader().setField(tag, value);
    } else {
      message.setField(tag, value);
    }
  }
  FIX::Session::sendToTarget(message, sessionId);
}

std::unique_ptr<FIX::Initiator> makeInitiator(const std::string& transport, Member& member,
                                              FIX::MessageStoreFactory& stores, const FIX::SessionSettings& settings,
                                              FIX::LogFactory& logs) {
  if (transport == "tls") {
    return std::unique_ptr<FIX::Initiator>(new FIX::SSLSocketInitiator(member, stores, settings, logs));
  }
  return std::unique_ptr<FIX::Initiator>(new FIX::SocketInitiator(member, stores, settings, logs));
}

void obey(Member& member, FIX::Initiator& initiator) {
  const FIX::SessionID sessionId = *initiator.getSessions().begin();
  FIX::Session& session = *initiator.getSession(sessionId);
  bool isStarted = false;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "credentials") {
      std::string username, password;
      words >> username >> password;
      member.setCredentials(username, password);
    } else if (command == "logon") {
      session.logon();
      if (!isStarted) initiator.start();
      isStarted = true;
    } else if (command == "logout") {
      session.logout();
    } else if (command == "send") {
      send(line.substr(command.size() + 1), sessionId);
    } else if (command == "expect") {
      int number = 0;
      words >> number;
      session.setNextTargetMsgSeqNum(number);
    } else if (command == "numbers") {
      std::ostringstream numbers;
      numbers << session.getExpectedSenderNum() << ' ' << session.getExpectedTargetNum();
      say("numbers", numbers.str());
    } else {
      throw std::runtime_error("no such command: " + command);
    }
  }
  if (isStarted) initiator.stop(true);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: client SETTINGS tcp|tls" << std::endl;
    return 2;
  }
  try {
    const FIX::SessionSettings settings{std::string(argv[1])};
    FIX::FileStoreFactory stores(settings);
    OutputLogFactory logs;
    Member member;
    const std::unique_ptr<FIX::Initiator> initiator = makeInitiator(argv[2], member, stores, settings, logs);
    obey(member, *initiator);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
