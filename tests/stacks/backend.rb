require 'json'
require 'rack'
require 'time'

PAGE = 10
FILES = []
LOCK = Mutex.new

def json(status, value, headers = {})
  [status, { 'Content-Type' => 'application/json' }.merge(headers),
   [JSON.generate(value)]]
end

# In pages with Link headers, as in many Rails services.
def list(request)
  number = (request.params['cursor'] || 0).to_i
  more = FILES.length > number + PAGE
  link = "<#{request.base_url}/metadata?referenceId=123&cursor=" \
         "#{number + PAGE}>; rel=\"next\""
  json(200, FILES.drop(number).take(PAGE).map(&:first),
       more ? { 'Link' => link } : {})
end

def upload(request)
  file = request.params['file']
  content = file[:tempfile].read
  record = { id: FILES.length + 1, filename: file[:filename],
             path: request.params['path'] + file[:filename],
             mimeType: file[:type], size: content.bytesize,
             uploadedAt: Time.now.iso8601 }
  FILES << [record, content]
  json(201, record)
end

app = lambda do |env|
  request = Rack::Request.new(env)
  LOCK.synchronize do
    case request.path_info
    when %r{\A/api/meetings/room/} then json(200, { id: 123 })
    when '/metadata' then list(request)
    when %r{\A/files/structured/} then upload(request)
    when %r{\A/files/(\d+)/download\z}
      record, content = FILES[Regexp.last_match(1).to_i - 1]
      [200, { 'Content-Type' => record[:mimeType] }, [content]]
    when '/webhooks/jitsi/recording' then [204, {}, []]
    else [404, { 'Content-Type' => 'text/plain' }, ['nothing here']]
    end
  end
end

# Report the port to the parent, and end with it.
Thread.new do
  $stdin.read
  exit!(0)
end
Rack::Handler::WEBrick.run(app, Host: '127.0.0.1', Port: 0, AccessLog: [],
                                Logger: WEBrick::Log.new(File::NULL)) do |s|
  puts "Rack #{Rack.release} http://127.0.0.1:#{s.config[:Port]}"
  $stdout.flush
end
