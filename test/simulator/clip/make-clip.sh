#!/bin/sh
# Paints the simulator's scene: a porch clock at dusk. The long hand goes round once in the clip's six seconds, the bead
# once in each GOP of two, so the clip loops without a seam and a glance shows whether a picture is live, stuck or torn.
# Needs ffmpeg with libx264, libx265 and libopus. The results are committed; run this only to change the scene.
set -eu
cd "$(dirname "$0")"

font=/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf
fps=25 seconds=6 gop=50

# One still picture, painted once and held: expressions for every pixel are slow.
hold="loop=loop=-1:size=1:start=0,setpts=N/$fps/TB,fps=$fps"
paint() { printf 'nullsrc=s=%s:r=%s:d=0.04,format=rgba,geq=%s,%s' "$1" "$fps" "$2" "$hold"; }

sky=$(paint 1920x1080 "r='24+150*pow(Y/1080,2)':g='34+70*pow(Y/1080,2)':b='72+20*Y/1080':a=255")
hills=$(paint 1920x1080 "r=14:g=26:b=34:a='255*clip(Y-860-70*sin(X/300)-24*sin(X/83),0,1)'")
disc="clip(400-hypot(X-420,Y-420),0,1)"
rim="clip(hypot(X-420,Y-420)-376,0,1)"
hour="mod(atan2(Y-420,X-420)+2*PI+PI/60,PI/6)"
tick="lt($hour,PI/30)*between(hypot(X-420,Y-420),318,356)"
face=$(paint 840x840 "r='250-190*$rim-200*$tick':g='240-190*$rim-190*$tick':b='214-150*$rim-160*$tick':a='255*$disc'")
hand=$(paint 720x720 "r=200:g=62:b=44:a='255*max(lt(abs(X-360),9)*between(Y,60,400),clip(26-hypot(X-360,Y-360),0,1))'")
bead=$(paint 64x64 "r=244:g=180:b=60:a='255*clip(30-hypot(X-32,Y-32),0,1)'")

scene="$sky[sky];$hills[hills];$face[face];$hand,rotate=a='2*PI*t/$seconds':c=none[hand];$bead[bead];
[sky][hills]overlay=format=auto[land];
[land][face]overlay=x=540:y=100[clock];
[clock][hand]overlay=x=600:y=160[hands];
[hands][bead]overlay=x='928+440*sin(PI*t)':y='488-440*cos(PI*t)',
drawbox=x=0:y=ih-96:w=iw:h=96:color=black@0.45:t=fill,
drawtext=fontfile=$font:text='Gatehouse camera simulator':fontsize=44:fontcolor=white:x=60:y=h-70,
drawtext=fontfile=$font:text='%{eif\:mod(n\,150)\:d\:3}':fontsize=44:fontcolor=white:x=w-160:y=h-70,
format=yuv420p"

# No B-frames, one slice a picture, SPS and PPS before each IDR, and no encoder banner (SEI, type 6).
encode="-c:v libx264 -preset veryslow -profile:v main -bf 0 -g $gop -keyint_min $gop -sc_threshold 0"
encode="$encode -x264-params repeat-headers=1:slices=1:sliced-threads=0:aud=0"
encode="$encode -bsf:v filter_units=remove_types=6 -fflags +bitexact -flags:v +bitexact -f h264"

render() { ffmpeg -v error -y -filter_complex "$scene" "$@"; }
render -t $seconds -crf 24 -level 4.0 $encode main.h264
render -t $seconds -s 640x360 -sws_flags lanczos -crf 26 -level 3.0 $encode sub.h264

# The same in H.265, with a VPS too.
encode="-c:v libx265 -preset slower -profile:v main -g $gop -fflags +bitexact -flags:v +bitexact"
params="log-level=none:bframes=0:keyint=$gop:min-keyint=$gop:scenecut=0:open-gop=0:repeat-headers=1:info=0:slices=1"
render -t $seconds -crf 26 $encode -x265-params $params -f hevc main.h265
render -t $seconds -s 640x360 -sws_flags lanczos -crf 28 $encode -x265-params $params -f hevc sub.h265

render -frames:v 1 -s 1280x720 -sws_flags lanczos -q:v 4 -flags +bitexact still-1.jpg
render -ss 3 -frames:v 1 -s 1280x720 -sws_flags lanczos -q:v 4 -flags +bitexact still-2.jpg

# Two notes and a rest: in frames of 20 ms, and for eight seconds in frames of 64 ms, of which six are no whole number.
tune() { echo "aevalsrc=0.2*sin(2*PI*t*(440+110*lt(mod(t\,2)\,1)))*lt(mod(t\,1)\,0.6):s=$1:d=$2"; }
ffmpeg -v error -y -f lavfi -i "$(tune 48000 $seconds)" \
  -c:a libopus -b:a 24k -vbr off -frame_duration 20 -fflags +bitexact -flags:a +bitexact sound.opus
ffmpeg -v error -y -f lavfi -i "$(tune 16000 8)" -c:a aac -b:a 24k -fflags +bitexact -flags:a +bitexact -f adts sound.aac
